// Errors as pages: what happened, what became of the person's input, what to do, the request's id. The
// guard calls this for whatever a page's handler threw, and for what never reached one.
#include <string>

#include "web/authenticate.h"
#include "web/handoff_view.h"
#include "web/next_page.h"
#include "web/page_frame.h"
#include "web/routes.h"

namespace countersign::web {
namespace {

struct Words {
  std::string heading;
  std::string what_happened;
  std::string what_to_do;
};

// With the way around for whoever is signed in. Not where the store itself may be the trouble or nobody may wait for
// it (5xx, but a provider's): a page that says so must not fail, too.
Page frame(const Services& services, const http::Request& request, int status) {
  if (status >= 500 && status != 502) return {services, request};
  try {
    if (const auto presence = present(services.sign_in, services.settings, request)) {
      return {services, request, caller_of(*presence)};
    }
  } catch (const Error&) {
    // The plain frame serves as well; what brought the reader here matters more.
  }
  return {services, request};
}

http::Response message_page(const Services& services, const http::Request& request, const Words& words, int status) {
  Page page = frame(services, request, status);
  Values& values = page.content("message.html", words.heading);
  values.set("HEADING", words.heading).set("WHAT_HAPPENED", words.what_happened);
  values.set_if_any("WHAT_TO_DO", words.what_to_do);
  if (request.path != "/") values.add("LINK").set("LINK_PATH", "/").set("LINK_TEXT", "Go to the home page");
  return page.answer(status);
}

http::Response lead_to_sign_in(const http::Request& request) {
  std::string query = next_query(next_word(request.path));
  const bool reading = request.method == http::Method::kGet || request.method == http::Method::kHead;
  if (!reading) query += query.empty() ? "?lost=1" : "&lost=1";
  return http::see_other("/login" + query);
}

http::Response cookies_page(const Services& services, const http::Request& request, int status) {
  Page page(services, request);
  page.content("cookies_dropped.html", "Your browser did not keep our cookie")
      .set("PUBLIC_URL", services.settings.public_url);
  return page.answer(status);
}

bool is_dead_link(const Error& error) {
  return error.reason() == "bad_link" || error.reason() == "link_used" || error.reason() == "link_expired";
}

Words dead_link_words(const Settings& settings) {
  return {"This sign-in link does not work any more", "It was used already, is too old, or was mistyped.",
          settings.dev ? "Start countersign dev again: every start prints a fresh link."
                       : "Ask an admin for a new one, or sign in with your password."};
}

// Somebody was faster between a page's look and its change; the Card is not at hand here.
std::optional<StateWords> lost_race(const Error& error) {
  constexpr std::string_view kPrefix = "handoff_";
  if (!error.reason().starts_with(kPrefix)) return std::nullopt;
  const auto state = domain::kHandoffStateNames.parse(std::string_view(error.reason()).substr(kPrefix.size()));
  if (!state) return std::nullopt;
  return words_for(*state, "this request");
}

Words words_for_status(const Error& error, int status) {
  switch (status) {
    case 400:
      return {"This request could not be read", error.message(), "Go back, load the page again and repeat the step."};
    case 403:
      return {"This was refused", error.message(), "Nothing was changed."};
    case 404:
      // The same words for what does not exist and what is not this person's to see.
      return {"Nothing to see here", "The address does not exist, or it is not for you.",
              "Check that the whole link was copied."};
    case 405:
      return {"This address does not work like that", error.message(), "Go back and use the buttons of the page."};
    case 409:
      return {"Somebody was faster", error.message(), "Load the page again to see how things stand."};
    case 410:
      return {"This is gone", error.message(), ""};
    case 408:
      return {"That took too long", "Your browser did not finish sending. Nothing was changed.", "Try again."};
    case 413:
      return {"This is too large", "What was sent is larger than this form takes. Nothing was saved.",
              "Check that you pasted the right thing."};
    case 415:
      return {"This form was sent in a form we do not read", error.message(), "Use the page's own form."};
    case 422:
      return {"Something is missing or wrong", error.message(), "Go back and mend it."};
    case 429: {
      const auto wait = error.retry_after();
      return {"Too many tries", error.message(),
              wait ? "Try again in " + std::to_string(wait->count()) + " seconds." : "Try again in a moment."};
    }
    case 502:
      return {"This did not work with the provider", error.message(),
              "Nothing was saved. Open the link again in a moment; if it stays like this, tell an admin."};
    case 503:
      return {"Not possible right now", error.message() + " Nothing was changed.", "Try again in a moment."};
    default:
      break;
  }
  if (status < 500) return {"This did not work", error.message(), "Go back and try again."};
  return {"Something broke on our side", "This is a defect of the server, not of what you did.",
          "Try again. If it happens again, tell whoever runs this server the request id below; the log has the rest."};
}

constexpr std::string_view kCallbackPath = "/oauth/callback/";

// Why the way back from a provider led nowhere.
std::optional<Words> lost_on_the_way(const http::Request& request, const Error& error) {
  if (!request.path.starts_with(kCallbackPath)) return std::nullopt;
  constexpr std::string_view kNothing = "Nothing was sent to anybody and nothing was saved.";
  if (error.reason() == "bad_state") {
    return Words{"This way back is not ours",
                 "What brought you here does not belong to any request of this server. " + std::string(kNothing),
                 "If you were connecting an account, open the link from your agent again."};
  }
  if (error.reason() == "other_browser") {
    return Words{"This was started in another browser",
                 "Only the browser that left for the provider can come back from it. " + std::string(kNothing),
                 "Open the link from your agent in this browser. If you did not start anything, somebody may have sent "
                 "you here: close the page."};
  }
  if (error.reason() == "state_used") {
    return Words{
        "You have been here before",
        "Each way back works once. It was used already, or you started again in another tab. " + std::string(kNothing),
        "Open the link from your agent to see how it stands."};
  }
  if (error.reason() == "state_expired") {
    return Words{"That took too long", "You have ten minutes to come back from the provider. " + std::string(kNothing),
                 "Ask your agent for a new link."};
  }
  return std::nullopt;
}

http::Response draw(const Services& services, const http::Request& request, const Error& error, int status) {
  if (error.reason() == kSignInNeeded) return lead_to_sign_in(request);
  if (error.reason() == kPasswordNeeded) return http::see_other("/welcome" + next_query(next_word(request.path)));
  if (error.reason() == kCookiesDropped) return cookies_page(services, request, status);
  if (is_dead_link(error))
    return message_page(services, request, dead_link_words(services.settings), status == 404 ? 404 : 410);
  if (const auto words = lost_race(error)) {
    Page page = frame(services, request, status);
    show_state(*words, page.content("handoff_state.html", words->heading));
    return page.answer(status);
  }
  if (const auto words = lost_on_the_way(request, error)) return message_page(services, request, *words, status);
  return message_page(services, request, words_for_status(error, status), status);
}

// A code and a state stand in this address: nobody is told where the reader came from.
http::Response without_referrer(http::Response response) {
  for (http::Header& header : response.headers) {
    if (header.name == "Referrer-Policy") header.value = "no-referrer";
  }
  return response;
}

}  // namespace

http::Response page_error(const Services& services, const http::Request& request, const Error& error, int status) {
  auto page = with_page_headers(draw(services, request, error, status), services.settings);
  return request.path.starts_with(kCallbackPath) ? without_referrer(std::move(page)) : page;
}

}  // namespace countersign::web
