// The small rules that clients and connecting share: which template, which endpoints are whose, what a name may be.
// Used by this folder only. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "domain/integration.h"
#include "domain/oauth_client.h"
#include "handoff/handoffs.h"

namespace countersign::oauth {

// Throws kNotFound `unknown_template`: there is none of that name, or it is of another kind. An empty slug: the first.
const domain::AuthTemplate& oauth_template(const domain::Integration& integration, std::string_view slug);
// Null: there is none, or none of this kind any more.
const domain::AuthTemplate* find_oauth_template(const domain::Integration* integration, std::string_view slug);

// Somebody has said where tokens come from.
bool names_endpoints(const domain::OAuthServer& server);
bool is_learned(const domain::OAuthSpec& spec);  // its endpoints are in the server's metadata
// Some URL of `proposed` is neither empty nor the one of `known`.
bool has_other_endpoints(const domain::OAuthServer& proposed, const domain::OAuthServer& known);
// What `proposed` says, and what it leaves empty from `known`.
domain::OAuthServer merged(const domain::OAuthServer& known, const domain::OAuthServer& proposed);
// Throws kInvalidArgument `bad_endpoint`.
void check_endpoints(const domain::OAuthServer& server);
// Hosts of all endpoints, each once.
std::vector<std::string> hosts_of(const domain::OAuthServer& server);
// As host_of(), also of a URL whose host still has labels to fill in.
std::string shown_host(std::string_view url);

// The names of the labels that some URL of it still needs.
std::vector<std::string> open_labels(const domain::OAuthServer& server);
// As filled(), but what is not said stays open.
domain::OAuthServer partly_filled(const domain::OAuthServer& server, const domain::Parameters& plain_fields);
// In lower case, without the spaces around it; the problem is empty when it is one label of a host name.
std::string host_label(std::string_view typed);
std::string problem_with_label(const domain::Field& field, const std::string& label);

// A connection of this integration and template may be made with this client.
bool fits(const domain::OAuthClient& client, const domain::Integration& integration, const domain::AuthTemplate& form);

// It acts for the org itself, and nobody at the provider is asked: what it makes is the org's, and an admin's to
// confirm.
bool acts_for_org(const domain::OAuthClient& client);

// RFC 7591 section 3.2.1: nothing new is begun with a client whose registration named an end that is over.
bool secret_has_ended(const domain::OAuthClient& client, Instant now);

// Throws kInvalidArgument `bad_slug`.
void check_slug(std::string_view slug);
// Throws kInvalidArgument `bad_scope` (RFC 6749 section 3.3); `separator` stands between scopes and so in none.
void check_scopes(const std::vector<std::string>& scopes, std::string_view separator, std::string_view pointer);

Error unknown_client();
Error admin_needed(std::string_view what);
void require_admin(const handoff::Opener& opener, std::string_view what);

// At most `most` characters of what is text in it; the rest of hostile words is dropped.
std::string cut(std::string_view words, std::size_t most);

}  // namespace countersign::oauth
