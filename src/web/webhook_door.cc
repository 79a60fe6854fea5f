// The providers' door: POST /hooks/{address}. Open to anybody, so a signature is what counts; the body is taken as the
// bytes it is and never parsed.
#include "base/error.h"
#include "web/routes.h"

namespace countersign::web {
namespace {

constexpr std::size_t kBodyLimit = 256 * 1024;

http::Response answer_to(domain::DeliveryVerdict verdict) {
  switch (verdict) {
    case domain::DeliveryVerdict::kAccepted:
    case domain::DeliveryVerdict::kRepeated:  // the sender did not hear our first answer: the same one again
      return {200, "application/json", R"({"ok":true})"};
    case domain::DeliveryVerdict::kBadSignature:
      throw Error(ErrorCode::kUnauthenticated, "bad_signature", "The signature is not that of this address.");
    case domain::DeliveryVerdict::kStale:
      throw Error(ErrorCode::kUnauthenticated, "stale_delivery",
                  "The signature is right, but its time is more than five minutes from ours.");
    case domain::DeliveryVerdict::kMalformed:
      throw Error(ErrorCode::kInvalidArgument, "malformed_delivery",
                  "A header that the signature needs is missing, stands there twice or is not what it has to be.");
  }
  throw Error(ErrorCode::kInternal, "internal", "Something went wrong on our side.");
}

}  // namespace

void add_webhook_door(http::Router& router, const Services& services) {
  http::Route route;
  route.method = http::Method::kPost;
  route.pattern = "/hooks/{address}";
  route.access = http::Access::kPublic;
  route.surface = http::Surface::kApi;
  route.body = http::BodyKind::kRaw;
  route.body_limit = kBodyLimit;
  route.handler = [services](http::Call& call) -> http::Outcome {
    return answer_to(services.webhooks.take(call.path_params.at("address"), call.request));
  };
  router.add(std::move(route));
}

}  // namespace countersign::web
