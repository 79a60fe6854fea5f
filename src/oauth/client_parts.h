// What the files of Clients share: a client as it is wished for, and as it is stored. Used by this folder only.
#pragma once

#include <string_view>
#include <vector>

#include "domain/connection.h"
#include "oauth/clients.h"

namespace countersign::oauth {

inline constexpr std::string_view kClientKind = "oauth client";  // of vault::SealedObject
inline constexpr std::string_view kClientSecret = "client_secret";
inline constexpr std::string_view kRegistrationToken = "registration_token";
inline constexpr std::string_view kPrivateKey = "private_key";

struct Clients::Wish {
  domain::ClientProposal proposal;  // but for the handoff it belongs to
  domain::Owner owner;
  catalog::IntegrationPtr integration;         // null: of no integration
  const domain::AuthTemplate* form = nullptr;  // of `integration`
};

struct Clients::Ready {
  domain::OAuthClient client;
  std::vector<domain::SealedField> sealed;
};

}  // namespace countersign::oauth
