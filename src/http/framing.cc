#include "http/framing.h"

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <limits>
#include <optional>
#include <utility>

#include "http/chunk_line.h"

namespace countersign::http {
namespace {

namespace beast = boost::beast;
using BeastText = beast::string_view;

std::string_view view_of(BeastText text) { return {text.data(), text.size()}; }

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  }
  return lower;
}

Method method_of(beast::http::verb verb) {
  switch (verb) {
    case beast::http::verb::get:
      return Method::kGet;
    case beast::http::verb::head:
      return Method::kHead;
    case beast::http::verb::post:
      return Method::kPost;
    case beast::http::verb::put:
      return Method::kPut;
    case beast::http::verb::patch:
      return Method::kPatch;
    case beast::http::verb::delete_:
      return Method::kDelete;
    case beast::http::verb::options:
      return Method::kOptions;
    default:
      return Method::kOther;
  }
}

// Beast's grammar with the rules it leaves out. One object per request.
class RequestParser final : public beast::http::basic_parser<true> {
 public:
  explicit RequestParser(const Framing::BodyLimit& limit_of) : limit_of_(limit_of) {
    // The limit is known once the path is; until then Beast must not apply its own.
    body_limit(std::numeric_limits<std::uint64_t>::max());
    header_limit(std::numeric_limits<std::uint32_t>::max());
  }

  Request request;
  Refusal refusal;
  bool old_version = false;
  bool expects_continue = false;
  std::uint64_t chunk_left = 0;
  ChunkPlace chunk_place = ChunkPlace::kFirst;

 private:
  using Code = beast::error_code;

  void refuse(int status, std::string_view detail, Code& ec) {
    refusal = {status, detail};
    ec = beast::http::error::bad_value;
  }

  void on_request_impl(beast::http::verb verb, BeastText, BeastText target, int version, Code&) override {
    request.method = method_of(verb);
    old_version = version == 10;
    const std::string_view text = view_of(target);
    const std::size_t mark = text.find('?');
    request.path = text.substr(0, mark);
    if (mark != std::string_view::npos) request.query = text.substr(mark + 1);
  }

  void on_field_impl(beast::http::field field, BeastText field_name, BeastText text, Code& ec) override {
    const std::string_view value = view_of(text);
    if (head_done_) return refuse(400, "Trailer fields are not accepted.", ec);
    switch (field) {
      case beast::http::field::host:
        on_host(value, ec);
        break;
      case beast::http::field::content_length:
        on_length(value, ec);
        break;
      case beast::http::field::transfer_encoding:
        on_encoding(value, ec);
        break;
      case beast::http::field::expect:
        on_expect(value, ec);
        break;
      default:
        break;
    }
    if (!ec) request.headers.push_back({lower_case(view_of(field_name)), std::string(value)});
  }

  // RFC 9112 section 3.2.
  void on_host(std::string_view value, Code& ec) {
    if (has_host_) return refuse(400, "There is more than one Host.", ec);
    if (!is_host(value)) return refuse(400, "The Host is not valid.", ec);
    has_host_ = true;
  }

  // RFC 9112 section 6.3; equal duplicates are refused too, no honest client sends them.
  void on_length(std::string_view value, Code& ec) {
    const bool digits = !value.empty() && value.find_first_not_of("0123456789") == std::string_view::npos;
    if (has_length_ || !digits || value.size() > 18) return refuse(400, "The Content-Length is not valid.", ec);
    has_length_ = true;
  }

  void on_encoding(std::string_view value, Code& ec) {
    if (has_encoding_) return refuse(400, "There is more than one Transfer-Encoding.", ec);
    if (!beast::iequals({value.data(), value.size()}, "chunked")) {
      return refuse(501, "The only Transfer-Encoding spoken here is chunked.", ec);
    }
    has_encoding_ = true;
  }

  // RFC 9110 section 10.1.1; an HTTP/1.0 client's expectation is ignored.
  void on_expect(std::string_view value, Code& ec) {
    if (!beast::iequals({value.data(), value.size()}, "100-continue")) {
      return refuse(417, "The only expectation known here is 100-continue.", ec);
    }
    expects_continue = !old_version;
  }

  void on_header_impl(Code& ec) override {
    head_done_ = true;
    if (!has_host_ && !old_version) return refuse(400, "The Host is missing.", ec);
    if (has_encoding_ && has_length_) return refuse(400, "There are two lengths.", ec);
    if (has_encoding_ && old_version) return refuse(400, "HTTP/1.0 has no Transfer-Encoding.", ec);
    const bool wants_body =
        request.method == Method::kPost || request.method == Method::kPut || request.method == Method::kPatch;
    if (wants_body && !has_encoding_ && !has_length_) return refuse(411, "The request needs a length.", ec);
    apply_body_limit(ec);
  }

  void apply_body_limit(Code& ec) {
    const auto length = content_length();
    if (!has_encoding_ && length.value_or(0) == 0) return;
    const std::size_t limit = limit_of_(request.method, request.path);
    if (length.value_or(0) > limit) return refuse(413, "The request's body is too large.", ec);
    body_limit(limit);
    // Only so much on the client's word alone; the rest grows as it arrives.
    request.body.reserve(static_cast<std::size_t>(std::min<std::uint64_t>(length.value_or(0), 16 * 1024)));
  }

  void on_body_init_impl(boost::optional<std::uint64_t> const&, Code&) override {}

  std::size_t on_body_impl(BeastText bytes, Code&) override {
    append(request.body, view_of(bytes));
    return bytes.size();
  }

  void on_chunk_header_impl(std::uint64_t size, BeastText extensions, Code& ec) override {
    if (!extensions.empty()) return refuse(400, "Chunk extensions are not accepted.", ec);
    chunk_left = size;
    chunk_place = ChunkPlace::kLater;
  }

  std::size_t on_chunk_body_impl(std::uint64_t, BeastText bytes, Code&) override {
    append(request.body, view_of(bytes));
    chunk_left -= bytes.size();
    return bytes.size();
  }

  void on_finish_impl(Code&) override {}
  void on_response_impl(int, BeastText, int, Code&) override {}

  const Framing::BodyLimit& limit_of_;
  bool head_done_ = false;
  bool has_host_ = false;
  bool has_length_ = false;
  bool has_encoding_ = false;
};

}  // namespace

struct Framing::Impl {
  Impl(const FramingLimits& limits, const BodyLimit& limit_of)
      : scan(limits.head_bytes, limits.header_fields), body_limit(limit_of) {}

  enum class Stage { kHead, kBody, kDone, kRefused };

  std::string_view rest() const { return view(input).substr(at); }
  Event next();
  std::optional<Event> read_head();
  std::optional<Event> read_body();
  // Gives Beast `length` bytes of the input; false after an error, which is then in `refusal`.
  bool put(std::size_t length);
  Event refuse(const Refusal& why);
  void compact();

  HeadScan scan;
  const BodyLimit& body_limit;
  WipingBuffer input;
  std::size_t at = 0;  // what lies before is parsed
  Stage stage = Stage::kHead;
  std::optional<RequestParser> parser;
  Refusal refusal;
  bool keep_alive = false;
  bool old_version = false;
};

Framing::Event Framing::Impl::next() {
  for (;;) {
    std::optional<Event> event;
    switch (stage) {
      case Stage::kHead:
        event = read_head();
        break;
      case Stage::kBody:
        event = read_body();
        break;
      case Stage::kDone:
        return Event::kRequest;
      case Stage::kRefused:
        return Event::kRefused;
    }
    if (!event) continue;
    compact();
    return *event;
  }
}

std::optional<Framing::Event> Framing::Impl::read_head() {
  switch (scan.resume(rest())) {
    case HeadScan::Result::kNeedMore:
      return Event::kNeedMore;
    case HeadScan::Result::kRefused:
      return refuse(scan.refusal());
    case HeadScan::Result::kComplete:
      break;
  }
  parser.emplace(body_limit);
  const std::size_t end = at + scan.length();
  if (!put(scan.length())) return Event::kRefused;
  scan.restart();
  if (!parser->is_header_done() || at != end) return refuse({400, "The header fields are malformed."});
  keep_alive = parser->keep_alive();
  old_version = parser->old_version;
  stage = parser->is_done() ? Stage::kDone : Stage::kBody;
  if (stage == Stage::kDone) return Event::kRequest;
  if (parser->expects_continue && rest().empty()) return Event::kContinue;
  return std::nullopt;
}

std::optional<Framing::Event> Framing::Impl::read_body() {
  if (rest().empty()) return Event::kNeedMore;
  std::size_t length = rest().size();
  if (parser->chunked() && parser->chunk_left == 0) {
    const ChunkLine line = scan_chunk_line(rest(), parser->chunk_place);
    if (line.kind == ChunkLine::Kind::kNeedMore) return Event::kNeedMore;
    if (line.kind == ChunkLine::Kind::kBad) return refuse({400, "The chunked body is malformed."});
    length = line.length;
  }
  if (!put(length)) return Event::kRefused;
  if (!parser->is_done()) return std::nullopt;
  stage = Stage::kDone;
  return Event::kRequest;
}

bool Framing::Impl::put(std::size_t length) {
  beast::error_code ec;
  at += parser->put(boost::asio::const_buffer(rest().data(), length), ec);
  if (!ec) return true;
  if (parser->refusal.status != 0) {
    refuse(parser->refusal);
  } else if (ec == beast::http::error::body_limit) {
    refuse({413, "The request's body is too large."});
  } else {
    refuse({400, "The request is malformed."});
  }
  return false;
}

Framing::Event Framing::Impl::refuse(const Refusal& why) {
  refusal = why;
  stage = Stage::kRefused;
  parser.reset();
  input = WipingBuffer();
  at = 0;
  return Event::kRefused;
}

// A fresh buffer for what is left: moving it within the old one would leave parsed bytes behind it.
void Framing::Impl::compact() {
  if (at == 0) return;
  WipingBuffer left(input.begin() + static_cast<std::ptrdiff_t>(at), input.end());
  input.swap(left);
  at = 0;
}

Framing::Framing(const FramingLimits& limits, const BodyLimit& body_limit)
    : impl_(std::make_unique<Impl>(limits, body_limit)) {}
Framing::~Framing() = default;

void Framing::append(std::string_view bytes) {
  if (impl_->stage != Impl::Stage::kRefused) countersign::append(impl_->input, bytes);
}

Framing::Event Framing::next() { return impl_->next(); }

Request Framing::take() {
  Request request = std::move(impl_->parser->request);
  impl_->parser.reset();
  impl_->stage = Impl::Stage::kHead;
  return request;
}

bool Framing::keep_alive() const { return impl_->keep_alive; }
bool Framing::old_version() const { return impl_->old_version; }
bool Framing::reading() const {
  return impl_->stage == Impl::Stage::kBody || (impl_->stage == Impl::Stage::kHead && !impl_->input.empty());
}
std::size_t Framing::buffered() const { return impl_->input.size() - impl_->at; }
const Refusal& Framing::refusal() const { return impl_->refusal; }
void Framing::discard() { impl_->refuse(impl_->refusal); }

}  // namespace countersign::http
