// Client credentials: nobody leaves for the provider, the token is asked for at once (RFC 6749 section 4.4).
#include "handoff/rules.h"
#include "oauth/client_rules.h"
#include "oauth/connect_parts.h"

namespace countersign::oauth {

std::variant<Landed, std::vector<handoff::FieldProblem>> Connect::connect_now(const handoff::Opener& opener,
                                                                              std::string_view link_token,
                                                                              const domain::Parameters& typed) const {
  Step step = step_of(opener, link_token, domain::OAuthGrant::kClientCredentials);
  Typed checked = check_typed(step, typed);
  if (!checked.problems.empty()) return std::move(checked.problems);
  const auto server = server_for(step, checked.plain_fields);
  claim_now(opener, step.handoff);
  step.handoff.subject = opener.person;
  try {
    const auto opened = clients_.open(step.client);
    const Target target{server, step.spec, opened};
    const auto result = calls_.client_credentials(target, step.flow.scopes, resource_of(step.client, step.spec));
    if (const auto* refusal = std::get_if<TokenRefusal>(&result)) {
      take_refusal(step.handoff, *refusal);
    } else {
      const Secret no_nonce;
      take(step, target, {std::get<TokenAnswer>(result), no_nonce, std::move(checked.plain_fields)});
    }
  } catch (const Error& error) {
    give_up(step.handoff, error);
  }
  return Landed{step.handoff.id, std::string(link_token)};
}

void Connect::claim_now(const handoff::Opener& opener, const domain::Handoff& handoff) const {
  const Instant now = parts_.clock.now();
  parts_.store.transact([&](store::Transaction& tx) {
    handoff::claim(tx, handoff, opener, now);
    // Nothing is out, so nothing can be in the way but somebody who is at it already.
    if (tx.oauth_flows().claim(handoff.workspace, handoff.id, {}, now, now + kClaimLease)) return;
    throw handoff::state_conflict(domain::kCompleting);
  });
}

}  // namespace countersign::oauth
