// Why connecting an account did not work, in words for the person in front of the page. Pure.
#pragma once

#include <string>
#include <string_view>

#include "domain/oauth_account.h"
#include "domain/oauth_client.h"

namespace countersign::web {

struct ProblemWords {
  std::string what_happened;
  std::string what_to_do;
};
// `problem` is a reason of oauth::Connect or an error code of the provider's (RFC 6749 sections 4.1.2.1 and 5.2).
ProblemWords problem_words(std::string_view problem, std::string_view service);

std::string_view origin_words(domain::ClientOrigin origin);
std::string_view auth_words(domain::ClientAuth auth);
std::string_view grant_words(domain::OAuthGrant grant);

}  // namespace countersign::web
