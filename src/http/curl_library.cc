#include "http/curl_library.h"

#include <dlfcn.h>
#include <malloc.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string>

#include "base/error.h"
#include "base/wipe.h"

namespace countersign::http {
namespace {

// The name that linking would have written into the program; the headers belong to this version of its ABI.
constexpr const char* kLibrary = "libcurl.so.4";

// libcurl copies headers and bodies into buffers of its own: with these, each is overwritten when given back.
void wiping_free(void* block) {
  if (block != nullptr) base::wipe(block, ::malloc_usable_size(block));
  std::free(block);
}

void* wiping_realloc(void* block, std::size_t size) {
  void* larger = std::malloc(size);
  if (larger == nullptr) return nullptr;
  if (block != nullptr) std::memcpy(larger, block, std::min(size, ::malloc_usable_size(block)));
  wiping_free(block);
  return larger;
}

// RTLD_NOW: a function that is missing shows here, not in the middle of a request.
void* open_library() {
  void* const library = ::dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL);
  if (library != nullptr) return library;
  const char* const why = ::dlerror();
  throw Error(ErrorCode::kInternal, "internal", "libcurl cannot be loaded.", why == nullptr ? kLibrary : why);
}

template <class Function>
void find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(::dlsym(library, name));
  if (function == nullptr) throw Error(ErrorCode::kInternal, "internal", "libcurl is another one.", name);
}

CurlLibrary load() {
  void* const library = open_library();
  CurlLibrary curl{};
  find(library, "curl_global_init_mem", curl.global_init_mem);
  find(library, "curl_easy_init", curl.easy_init);
  find(library, "curl_easy_setopt", curl.easy_setopt);
  find(library, "curl_easy_perform", curl.easy_perform);
  find(library, "curl_easy_getinfo", curl.easy_getinfo);
  find(library, "curl_easy_reset", curl.easy_reset);
  find(library, "curl_easy_cleanup", curl.easy_cleanup);
  find(library, "curl_easy_strerror", curl.easy_strerror);
  find(library, "curl_slist_append", curl.slist_append);
  find(library, "curl_slist_free_all", curl.slist_free_all);
  find(library, "curl_url", curl.url);
  find(library, "curl_url_get", curl.url_get);
  find(library, "curl_url_set", curl.url_set);
  find(library, "curl_url_cleanup", curl.url_cleanup);
  find(library, "curl_free", curl.free);
  const CURLcode started =
      curl.global_init_mem(CURL_GLOBAL_DEFAULT, std::malloc, wiping_free, wiping_realloc, ::strdup, std::calloc);
  if (started != CURLE_OK) throw Error(ErrorCode::kInternal, "internal", "libcurl does not start.");
  return curl;
}

}  // namespace

const CurlLibrary& curl() {
  static const CurlLibrary library = load();
  return library;
}

}  // namespace countersign::http
