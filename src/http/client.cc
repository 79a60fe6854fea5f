#include "http/client.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <mutex>
#include <system_error>
#include <utility>

#include "base/error.h"
#include "http/curl_library.h"
#include "http/head_scan.h"
#include "http/intake.h"

namespace countersign::http {
namespace {

struct CurlFree {
  void operator()(CURL* handle) const { curl().easy_cleanup(handle); }
  void operator()(CURLU* url) const { curl().url_cleanup(url); }
  void operator()(curl_slist* list) const { curl().slist_free_all(list); }
  void operator()(char* text) const { curl().free(text); }
};
using Handle = std::unique_ptr<CURL, CurlFree>;
using List = std::unique_ptr<curl_slist, CurlFree>;
using Text = std::unique_ptr<char, CurlFree>;

void add(List& list, const char* line) {
  curl_slist* longer = curl().slist_append(list.get(), line);
  if (longer == nullptr) throw std::bad_alloc();
  (void)list.release();
  list.reset(longer);
}

// A URL as libcurl reads it; the same reading is what it then calls, so no second parser can disagree.
struct Target {
  std::unique_ptr<CURLU, CurlFree> url;
  std::string host;    // of IPv6 without its brackets
  std::string port;    // never empty
  std::string origin;  // scheme://host:port, for messages and for finding a kept connection
  bool plain = false;  // http
};

Error bad_url(std::string why) { return Error(ErrorCode::kInvalidArgument, "bad_upstream_url", std::move(why)); }

std::string part(CURLU* url, CURLUPart which, unsigned flags = 0) {
  char* text = nullptr;
  if (curl().url_get(url, which, &text, flags) != CURLUE_OK) return {};
  return Text(text).get();
}

Target read_target(const std::string& url, const CurlClientOptions& options) {
  const bool printable = std::all_of(url.begin(), url.end(), [](char c) { return c > 0x20 && c < 0x7f; });
  if (!printable || url.size() > 8192) throw bad_url("A URL is too long, or has characters that must be encoded.");
  Target target{std::unique_ptr<CURLU, CurlFree>(curl().url()), {}, {}, {}, false};
  if (curl().url_set(target.url.get(), CURLUPART_URL, url.c_str(), CURLU_DISALLOW_USER) != CURLUE_OK) {
    throw bad_url("A URL is malformed, of another kind than https, or carries a user name.");
  }
  const std::string scheme = part(target.url.get(), CURLUPART_SCHEME);
  target.plain = scheme == "http";
  if (scheme != "https" && !(target.plain && options.allow_loopback_http))
    throw bad_url("A URL must begin with https://.");
  if (url.find('#') != std::string::npos) throw bad_url("A URL that is called has no fragment.");
  target.host = part(target.url.get(), CURLUPART_HOST);
  target.port = part(target.url.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT);
  target.origin = scheme + "://" + target.host + ":" + target.port;
  if (target.host.starts_with('[')) target.host = target.host.substr(1, target.host.size() - 2);
  return target;
}

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() && ::strncasecmp(a.data(), b.data(), a.size()) == 0;
}

// What decides where a request ends, where it goes or how its answer is read.
bool is_ours(std::string_view header) {
  constexpr std::array<std::string_view, 11> kOurs{
      "host", "content-length", "transfer-encoding",   "connection", "expect", "accept-encoding", "keep-alive",
      "te",   "upgrade",        "proxy-authorization", "trailer"};
  return std::any_of(kOurs.begin(), kOurs.end(), [&](auto ours) { return equals_ignoring_case(header, ours); });
}

bool splits_a_request(std::string_view value) {
  return std::any_of(value.begin(), value.end(), [](unsigned char c) { return (c < 0x20 && c != '\t') || c == 0x7f; });
}

void check(const ClientHeader& header) {
  const bool named = is_token(header.name);
  if (named && !is_ours(header.name) && !splits_a_request(header.value) && !splits_a_request(header.secret.reveal()))
    return;
  throw Error(ErrorCode::kInvalidArgument, "bad_upstream_header",
              named ? "The header " + header.name + " may not be set, or its value has control characters."
                    : std::string("The name of a header is malformed."));
}

// The one place where a credential becomes part of a request.
void add_header(List& list, const ClientHeader& header) {
  check(header);
  WipingBuffer line;
  line.reserve(header.name.size() + header.value.size() + header.secret.size() + 3);
  append(line, header.name);
  const bool blank = header.value.find_first_not_of(" \t") == std::string::npos && header.secret.empty();
  append(line, blank ? ";" : ": ");  // "Name:" would take the header away, "Name;" sends it without a value
  if (!blank) {
    append(line, header.value);
    append(line, header.secret.reveal());
  }
  line.push_back('\0');
  add(list, line.data());
}

List header_list(const ClientRequest& request) {
  List list;
  add(list, "Expect:");
  bool typed = false;
  for (const ClientHeader& header : request.headers) {
    add_header(list, header);
    typed = typed || equals_ignoring_case(header.name, "content-type");
  }
  if (!typed) add(list, "Content-Type:");  // libcurl would call every body a form
  return list;
}

// Sent again by libcurl when a kept connection turns out to be dead, though the first copy may have arrived.
bool may_repeat(Method method) {
  return method == Method::kGet || method == Method::kHead || method == Method::kOptions;
}

// libcurl takes 0 for "no limit".
long milliseconds(std::chrono::milliseconds limit) { return std::max(1L, static_cast<long>(limit.count())); }

// One request on its way. The callbacks run inside perform(), on its thread; nothing may be thrown through C.
class Transfer {
 public:
  Transfer(CURL* handle, const ClientRequest& request, const Target& target, const AddressRules& rules,
           const CurlClientOptions& options)
      : handle_(handle),
        request_(request),
        target_(target),
        rules_(rules),
        options_(options),
        intake_(request.limits) {}
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;
  // Takes every pointer into this object and the request out of the handle; its connections stay open.
  ~Transfer() { curl().easy_reset(handle_); }

  ClientResponse perform() {
    set_rules();
    set_request();
    const CURLcode code = curl().easy_perform(handle_);
    long status = 0;
    curl().easy_getinfo(handle_, CURLINFO_RESPONSE_CODE, &status);
    if (code != CURLE_OK) throw failure(code);
    if (status < 200 || status > 599) throw malformed("status " + std::to_string(status));
    return std::move(intake_).finish(static_cast<int>(status));
  }

 private:
  template <class Value>
  void set(CURLoption option, Value value) {
    if (curl().easy_setopt(handle_, option, value) != CURLE_OK) {
      throw Error(ErrorCode::kInternal, "internal", "libcurl refuses option " + std::to_string(option) + ".");
    }
  }

  // The same for every request. Defaults are written out where safety hangs on them.
  void set_rules() {
    set(CURLOPT_PROTOCOLS_STR, target_.plain ? "http" : "https");
    set(CURLOPT_REDIR_PROTOCOLS_STR, "https");
    set(CURLOPT_FOLLOWLOCATION, 0L);
    set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    set(CURLOPT_SSL_VERIFYPEER, 1L);
    set(CURLOPT_SSL_VERIFYHOST, 2L);
    set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    if (!options_.ca_file.empty()) set(CURLOPT_CAINFO, options_.ca_file.c_str());
    set(CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
    set(CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
    set(CURLOPT_PROXY, through_proxy() ? options_.proxy.c_str() : "");  // "" also silences the environment
    set(CURLOPT_NOPROXY, "");
    set(CURLOPT_HEADEROPT, static_cast<long>(CURLHEADER_SEPARATE));  // our headers are not the proxy's
    set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_QUICK_EXIT, 1L);  // a look-up that hangs is left behind, not waited for
    set(CURLOPT_MAXCONNECTS, 4L);
    set(CURLOPT_USERAGENT, options_.user_agent.c_str());
    set(CURLOPT_ERRORBUFFER, error_text_.data());
    set(CURLOPT_OPENSOCKETFUNCTION, &Transfer::open_socket);
    set(CURLOPT_OPENSOCKETDATA, this);
    set(CURLOPT_PREREQFUNCTION, &Transfer::before_sending);
    set(CURLOPT_PREREQDATA, this);
    set(CURLOPT_HEADERFUNCTION, &Transfer::on_header);
    set(CURLOPT_HEADERDATA, this);
    set(CURLOPT_WRITEFUNCTION, &Transfer::on_body);
    set(CURLOPT_WRITEDATA, this);
  }

  void set_request() {
    const bool head = request_.method == Method::kHead;
    const bool with_body = !request_.body.empty() || request_.method == Method::kPost ||
                           request_.method == Method::kPut || request_.method == Method::kPatch;
    set(CURLOPT_CURLU, target_.url.get());
    if (head) set(CURLOPT_NOBODY, 1L);
    if (with_body && !head) {
      set(CURLOPT_POST, 1L);
      set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
      set(CURLOPT_POSTFIELDS, request_.body.empty() ? "" : request_.body.data());
    }
    method_ = name(request_.method);
    set(CURLOPT_CUSTOMREQUEST, method_.c_str());
    headers_ = header_list(request_);
    set(CURLOPT_HTTPHEADER, headers_.get());
    set(CURLOPT_TIMEOUT_MS, milliseconds(request_.limits.total));
    set(CURLOPT_CONNECTTIMEOUT_MS, milliseconds(request_.limits.connect));
    const auto body_bytes = static_cast<curl_off_t>(request_.limits.body_bytes);
    if (!head) set(CURLOPT_MAXFILESIZE_LARGE, body_bytes);  // refuses by Content-Length, before it comes
    if (!options_.resolve) return;
    const std::string addresses = options_.resolve(target_.host);
    if (addresses.empty()) return;
    add(resolved_, (target_.host + ":" + target_.port + ":" + addresses).c_str());
    set(CURLOPT_RESOLVE, resolved_.get());
  }

  // Plain http goes to loopback alone, where no proxy is.
  bool through_proxy() const { return !options_.proxy.empty() && !target_.plain; }

  // `place` is what connect() is called with next. Whatever the name resolved to before is of no interest.
  static curl_socket_t open_socket(void* transfer, curlsocktype, curl_sockaddr* place) noexcept {
    Transfer& self = *static_cast<Transfer*>(transfer);
    const auto address = address_of(place->addr);
    if (!address || !self.may_connect(*address)) {
      self.refused_ = address ? std::string(name(kind_of(*address))) + " " + text_of(*address) : "no IP address";
      return CURL_SOCKET_BAD;
    }
    return ::socket(place->family, place->socktype | SOCK_CLOEXEC, place->protocol);
  }

  bool may_connect(const Address& address) const {
    if (through_proxy()) return true;  // the operator named it; Transfer was refused before if it may not go out
    if (target_.plain && kind_of(address) != AddressKind::kLoopback) return false;
    return rules_.admits(address, target_.host);
  }

  static int before_sending(void* transfer, char*, char*, int, int) noexcept {
    Transfer& self = *static_cast<Transfer*>(transfer);
    if (self.sent_ && !may_repeat(self.request_.method)) return CURL_PREREQFUNC_ABORT;
    self.sent_ = true;
    return CURL_PREREQFUNC_OK;
  }

  static std::size_t on_header(char* line, std::size_t size, std::size_t count, void* transfer) noexcept {
    Transfer& self = *static_cast<Transfer*>(transfer);
    return self.intake_.take_header_line({line, size * count}) ? size * count : 0;
  }

  static std::size_t on_body(char* bytes, std::size_t size, std::size_t count, void* transfer) noexcept {
    Transfer& self = *static_cast<Transfer*>(transfer);
    return self.intake_.take_body({bytes, size * count}) ? size * count : 0;
  }

  Error failed(std::string_view reason, std::string_view what, std::string detail) const {
    return Error(ErrorCode::kUpstream, reason, target_.origin + " " + std::string(what), std::move(detail));
  }
  Error malformed(std::string detail) const {
    return failed("upstream_malformed", "answered something that is not plain HTTP.", std::move(detail));
  }

  Error failure(CURLcode code) const;
  Error failure_before_sending(CURLcode code) const;
  Error failure_of_limits() const;

  CURL* const handle_;
  const ClientRequest& request_;
  const Target& target_;
  const AddressRules& rules_;
  const CurlClientOptions& options_;
  Intake intake_;
  std::string method_;
  List headers_;
  List resolved_;
  std::array<char, CURL_ERROR_SIZE> error_text_{};
  std::string refused_;  // what an address was that may not be connected to, the last one
  bool sent_ = false;    // from here on the request may have arrived
};

Error Transfer::failure_before_sending(CURLcode code) const {
  // Nothing of the request has been given to libcurl's connection yet, so its own words are harmless.
  std::string detail = error_text_[0] == '\0' ? curl().easy_strerror(code) : error_text_.data();
  long cause = 0;
  curl().easy_getinfo(handle_, CURLINFO_OS_ERRNO, &cause);
  if (cause != 0) detail += ": " + std::generic_category().message(static_cast<int>(cause));
  switch (code) {
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_CIPHER:
      return failed("upstream_tls", "has no TLS certificate that this broker trusts, or the handshake failed.", detail);
    default:
      return failed("upstream_unreachable", "cannot be reached.", detail);
  }
}

Error Transfer::failure_of_limits() const {
  switch (intake_.fault()) {
    case Intake::Fault::kHeaderBytes:
    case Intake::Fault::kHeaderCount:
      return failed("upstream_too_large", "answered with more headers than are taken.", {});
    case Intake::Fault::kEncoded:
      return malformed("Content-Encoding, though none was asked for");
    case Intake::Fault::kBodyBytes:
    case Intake::Fault::kNone:
      break;
  }
  return failed("upstream_too_large",
                "answered with more than the " + std::to_string(request_.limits.body_bytes) + " bytes that are taken.",
                {});
}

// After sending, libcurl's words may repeat what an upstream said: only the fixed text of the code is logged.
Error Transfer::failure(CURLcode code) const {
  if (code == CURLE_COULDNT_CONNECT && !refused_.empty()) {
    return failed("upstream_address_refused", "may not be called: its address is not a public one.", refused_);
  }
  if (!sent_) return failure_before_sending(code);
  if (intake_.fault() != Intake::Fault::kNone || code == CURLE_FILESIZE_EXCEEDED) return failure_of_limits();
  const std::string detail = curl().easy_strerror(code);
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return failed("upstream_timeout", "did not answer in time.", detail);
    case CURLE_OUT_OF_MEMORY:  // what libcurl 7.88 says of a header line over 100 kB
      return failed("upstream_too_large", "answered with more headers than are taken.", detail);
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_WRITE_ERROR:
      return malformed(detail);
    default:
      return failed("upstream_lost", "ended the connection before its answer was whole.", detail);
  }
}

// Through a proxy the socket is the proxy's: an address that stands in the URL itself can still be judged.
void check_literal(const Target& target, const AddressRules& rules, const CurlClientOptions& options) {
  if (options.proxy.empty() || target.plain) return;
  const auto address = parse_address(target.host);
  const bool local_name = target.host == "localhost" || target.host.ends_with(".localhost");
  if (!local_name && (!address || rules.admits(*address, target.host))) return;
  throw Error(ErrorCode::kUpstream, "upstream_address_refused",
              target.origin + " may not be called: its address is not a public one.", "behind the proxy");
}

std::vector<std::string> admitted(const CurlClientOptions& options) {
  std::vector<std::string> places = options.allowed;
  if (options.allow_loopback_http) places.insert(places.end(), {"127.0.0.0/8", "::1"});
  return places;
}

}  // namespace

// Each handle keeps a few connections open; a request takes one that last spoke to the same origin, if any.
class CurlClient::Handles {
 public:
  explicit Handles(std::size_t most_at_once) : most_at_once_(most_at_once) { idle_.reserve(kMostIdle); }

  Handle take(const std::string& origin) {
    const std::lock_guard lock(mutex_);
    if (lent_ == most_at_once_) {
      throw Error(ErrorCode::kUnavailable, "outbound_busy", "Too many requests to providers are on their way.")
          .retry_after(std::chrono::seconds(1));
    }
    const auto same =
        std::find_if(idle_.rbegin(), idle_.rend(), [&](const Idle& idle) { return idle.origin == origin; });
    Handle handle;
    if (same != idle_.rend()) {
      handle = std::move(same->handle);
      idle_.erase(std::next(same).base());
    } else {
      handle.reset(curl().easy_init());
      if (handle == nullptr) throw std::bad_alloc();
    }
    ++lent_;
    return handle;
  }

  void give_back(Handle handle, std::string origin) noexcept {
    Handle oldest;  // closed after the lock is free
    const std::lock_guard lock(mutex_);
    --lent_;
    if (idle_.size() == kMostIdle) {
      oldest = std::move(idle_.front().handle);
      idle_.erase(idle_.begin());
    }
    idle_.push_back({std::move(handle), std::move(origin)});
  }

 private:
  static constexpr std::size_t kMostIdle = 16;
  struct Idle {
    Handle handle;
    std::string origin;
  };

  const std::size_t most_at_once_;
  std::mutex mutex_;
  std::vector<Idle> idle_;  // longest unused first
  std::size_t lent_ = 0;
};

CurlClient::CurlClient(CurlClientOptions options)
    : options_(std::move(options)),
      rules_(admitted(options_)),
      handles_(std::make_unique<Handles>(options_.most_at_once)) {}

CurlClient::~CurlClient() = default;

ClientResponse CurlClient::send(ClientRequest request) {
  const Target target = read_target(request.url, options_);
  check_literal(target, rules_, options_);
  struct Loan {
    Handles& from;
    const std::string& origin;
    Handle handle;
    ~Loan() { from.give_back(std::move(handle), origin); }
  } loan{*handles_, target.origin, handles_->take(target.origin)};
  return Transfer(loan.handle.get(), request, target, rules_, options_).perform();
}

}  // namespace countersign::http
