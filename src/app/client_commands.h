// `countersign client`: what runs on the machine of an agent, as the person who uses it. Needs no database.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "app/client_files.h"
#include "app/exit_code.h"

namespace countersign::app {

struct ClientOptions {
  std::string url = "http://127.0.0.1:7117";  // of the broker
  std::optional<ClientKind> client;           // whose file to write; none: the token is printed
  std::filesystem::path file;                 // instead of the usual one
  std::string name = "countersign";
  std::filesystem::path token_file;  // install: where the token is read from ("-": standard input; empty: the one
                                     // that `dev` keeps); connect: where it is written to
};

// Fetches the grant that a person has just allowed, with the code their browser shows.
ExitCode client_connect(const std::string& code, const ClientOptions& options);
ExitCode client_install(const ClientOptions& options);

}  // namespace countersign::app
