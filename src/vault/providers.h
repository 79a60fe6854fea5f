// The places where secrets may live, each within what the configuration allows. One file each in
// vault/providers/. None of them can be pointed at anything of ours: our own variables, files and keys are
// refused by name, by path and by inode (DESIGN 8.12).
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "http/client.h"
#include "vault/bindings.h"

namespace countersign::vault {

// All three throw kInvalidArgument `bad_config` when the configuration asks for what may not be.

// Variables of our own environment whose name begins with `prefix`: at least three characters, and none that a
// name like COUNTERSIGN..., CREDENTIALS_DIRECTORY, LD_..., PATH... or HOME... begins with. Read once, at the
// start: the environment of a process does not change, and reading it later would race.
std::unique_ptr<Provider> env_provider(std::string prefix, const std::map<std::string, std::string>& environment);

// Regular files below `directory`, by their path relative to it, at most four names long; at most 64 KiB each.
// No symbolic link is followed anywhere below it, hidden files and files that anybody may write are left out,
// and nothing with an inode of `ours` is read, whatever it is called: these are files of this server, and
// folders with everything in them. `directory` may not hold one of them nor lie in one.
enum class FileWalk {
  kInOneCall,   // openat2; where the kernel or a sandbox has none, as below
  kStepByStep,  // name by name; for tests
};
std::unique_ptr<Provider> file_provider(const std::filesystem::path& directory,
                                        const std::vector<std::filesystem::path>& ours,
                                        FileWalk walk = FileWalk::kInOneCall);

// HashiCorp Vault or OpenBao, KV version 2: items are `path#key`, the path as it is below `mount`, and it has to
// begin with `prefix`. Names with other characters than A-Z a-z 0-9 _ . - are neither listed nor taken. The
// token needs `read` on data and, for the list, `list` on metadata and `read` on subkeys, which tells the keys
// of a secret without its values. A list asks at most 200 questions and shows what it has found by then.
struct KvOptions {
  std::string address;  // https://vault.example.com:8200; http only for loopback in `dev`
  std::string mount = "secret";
  std::string prefix;                // "agents/": nothing above it is seen
  std::filesystem::path token_file;  // read on every use, so that a renewed token is found; mode 0600, ours
};
// The client must outlive the provider.
std::unique_ptr<Provider> kv_provider(KvOptions options, http::Client& client);

}  // namespace countersign::vault
