// A login as its three parts see it: the program that asks, the person in a browser, the agent with its grant.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <regex>

#include "flows/in_process.h"

namespace countersign::flows {

// RFC 7636 appendix B.
inline constexpr std::string_view kVerifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
inline constexpr std::string_view kChallenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
inline constexpr std::string_view kTokenMark = "cs_agent_";

class LoginTest : public ::testing::Test {
 protected:
  // POST /v1/auth-sessions by somebody without a token.
  Json mint(Agent& from, const Json& body = Json::object()) {
    const http::Response response = from.post("/v1/auth-sessions", dump_json(body));
    if (response.status != 201) throw std::runtime_error("no auth session: " + text_of(response));
    return json_of(response);
  }
  static std::string poll_path(const Json& minted) { return path_of(minted["pollUrl"]); }
  static std::string page_path(const Json& minted) { return path_of(minted["loginUrl"]); }

  // Long enough for the next plain poll.
  void pause() { program.clock().advance(5s); }
  Json status(Agent& from, const Json& minted) {
    pause();
    return json_of(from.get(poll_path(minted)));
  }
  http::Response redeem(Agent& from, const Json& minted, std::string_view verifier, const Json& more = Json::object()) {
    pause();
    return from.post(poll_path(minted), dump_json(proof(verifier, more)));
  }
  static Json proof(std::string_view verifier, const Json& more = Json::object()) {
    Json body = more;
    body["code_verifier"] = verifier;
    return body;
  }

  Browser browser_of(PersonId person) {
    Browser browser(program);
    browser.sign_in(person);
    return browser;
  }
  // The person types the code where it is asked for.
  http::Response type_code(Browser& browser, const Json& minted, std::string code = {}) {
    browser.get(page_path(minted));
    if (code.empty()) code = minted["userCode"];
    return browser.post(page_path(minted) + "/continue", {{"user_code", code}});
  }
  // Allow, and the page that follows.
  std::string allow(Browser& browser, const Json& minted, const std::vector<std::string>& scopes = {"read"}) {
    browser.get(page_path(minted));
    std::map<std::string, std::string> fields{{"lifetime", "3600"}};
    for (const std::string& scope : scopes) fields["scope." + scope] = "yes";
    const http::Response response = browser.post(page_path(minted) + "/allow", fields);
    EXPECT_EQ(response.status, 303) << text_of(response);
    return text_of(browser.get(page_path(minted)));
  }
  // The one-use code on the page after Allow: three groups, where the user code has two.
  static std::string return_code_on(const std::string& page) {
    static const std::regex code("[B-DF-HJ-NP-TV-XZ]{4}-[B-DF-HJ-NP-TV-XZ]{4}-[B-DF-HJ-NP-TV-XZ]{4}");
    std::smatch found;
    return std::regex_search(page, found, code) ? found.str() : "";
  }

  InProcess program;
  PersonId ada = program.add_person("ada", domain::Role::kMember);
  PersonId bob = program.add_person("bob", domain::Role::kMember);
  Agent here{program, ""};
  Agent elsewhere{program, "", kElsewhere};
};

}  // namespace countersign::flows
