// libcurl, loaded with the first request that goes out: it brings twenty-seven libraries along
// (GnuTLS, Kerberos, LDAP, ...), four megabytes in a broker that may never call anybody (docs/decisions/0022).
// Thread-safe; stays loaded until the process ends. The only includer of <curl/curl.h>; its functions are
// called through curl(), so that none is linked.
#pragma once

#include <curl/curl.h>

namespace countersign::http {

// The functions that client.cc calls, each with the type that its header gives it.
struct CurlLibrary {
  decltype(&::curl_global_init_mem) global_init_mem;
  decltype(&::curl_easy_init) easy_init;
  decltype(&::curl_easy_setopt) easy_setopt;
  decltype(&::curl_easy_perform) easy_perform;
  decltype(&::curl_easy_getinfo) easy_getinfo;
  decltype(&::curl_easy_reset) easy_reset;
  decltype(&::curl_easy_cleanup) easy_cleanup;
  decltype(&::curl_easy_strerror) easy_strerror;
  decltype(&::curl_slist_append) slist_append;
  decltype(&::curl_slist_free_all) slist_free_all;
  decltype(&::curl_url) url;
  decltype(&::curl_url_get) url_get;
  decltype(&::curl_url_set) url_set;
  decltype(&::curl_url_cleanup) url_cleanup;
  decltype(&::curl_free) free;
};

// Throws kInternal when libcurl is not installed or does not start; the next call tries again.
const CurlLibrary& curl();

}  // namespace countersign::http
