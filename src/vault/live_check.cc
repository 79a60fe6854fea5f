#include "vault/live_check.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "base/error.h"
#include "base/json.h"
#include "base/one_line.h"
#include "vault/placement.h"

namespace countersign::vault {
namespace {

constexpr std::chrono::seconds kPatience{8};
constexpr std::size_t kLargestAnswer = 256 * 1024;
constexpr std::size_t kLongestAccount = 120;  // code points

std::string url_of(std::string_view base_url, std::string_view path) {
  if (base_url.ends_with('/')) base_url.remove_suffix(1);
  return std::string(base_url) + std::string(path);
}

// The provider's text, or that of whoever named the account there.
std::string account_in(const Json& answer, const std::vector<std::string>& pointers) {
  for (const std::string& text : pointers) {
    const Json::json_pointer pointer(text);  // checked by the catalog
    if (!answer.contains(pointer)) continue;
    const Json& value = answer.at(pointer);
    std::string account;
    if (value.is_string()) account = one_line(value.get_ref<const std::string&>(), kLongestAccount);
    if (value.is_number()) account = dump_json(value);
    if (!account.empty()) return account;
  }
  return {};
}

// --- the answer ---

Checked read_account(const domain::Integration& integration, const domain::LiveTest& test,
                     const http::ClientResponse& response) {
  if (test.account.empty()) return Works{};
  JsonLimits limits;
  limits.bytes = kLargestAnswer;
  try {
    return Works{account_in(parse_json(view(response.body), limits), test.account)};
  } catch (const Error&) {  // a page of somebody in between, say
    return CouldNotAsk{integration.name + " answered, but with something that its API does not send."};
  }
}

Checked judge(const domain::Integration& integration, const domain::LiveTest& test,
              const http::ClientResponse& response) {
  const int status = response.status;
  if (status >= 200 && status < 300) return read_account(integration, test, response);
  if (status == 401 || status == 403) return RefusedByProvider{status};
  const std::string answered = integration.name + " answered with status " + std::to_string(status);
  if (status < 400) return CouldNotAsk{answered + ", a redirect, which is not followed with a credential."};
  if (status == 429) return CouldNotAsk{answered + ": too many requests just now."};
  return CouldNotAsk{answered + ", which says nothing about the credential."};
}

}  // namespace

Checked live_check(http::Client& client, const domain::Integration& integration, const domain::AuthTemplate& form,
                   std::string_view base_url, const Fields& secrets,
                   const std::vector<std::pair<std::string, std::string>>& plain) {
  if (!form.live_test) return CouldNotAsk{"There is no harmless request that tells whether this credential works."};
  http::ClientRequest request;
  request.url = url_of(base_url, form.live_test->path);
  request.headers = place(integration, form, secrets, plain).headers;
  request.limits.total = kPatience;
  request.limits.body_bytes = kLargestAnswer;
  try {
    return judge(integration, *form.live_test, client.send(std::move(request)));
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kUpstream && error.code() != ErrorCode::kUnavailable) throw;
    return CouldNotAsk{error.message()};  // of the client: names the host, and nothing of the request
  }
}

}  // namespace countersign::vault
