// The kind `secret_form`: the person types a credential into our form, it becomes a connection.
//
// With a live check it is claim, call, settle: claimed in one transaction, tried out at the provider outside of
// any, and then either saved or given back, so that the person can mend it.
#include "base/encoding.h"
#include "crypto/mac.h"
#include "handoff/claims.h"
#include "handoff/form_check.h"
#include "handoff/new_connection.h"
#include "handoff/rules.h"
#include "vault/live_check.h"
#include "vault/placement.h"
#include "vault/webhook_signature.h"

namespace countersign::handoff {
namespace {

constexpr std::string_view kTool = "connections.createHandoff";
constexpr std::string_view kCheckField = "check";  // of a FieldProblem that is about no field

domain::AuditEvent created_event(const domain::Connection& connection, const Opener& opener,
                                 std::span<const domain::SealedField> sealed) {
  auto event = connection_event(connection, opener, "connection.created");
  auto seals = vault::seal_facts(sealed);
  event.facts.insert(event.facts.begin(), std::move_iterator(seals.begin()), std::move_iterator(seals.end()));
  return event;
}

const domain::Field* first_secret(const domain::AuthTemplate& form) {
  for (const domain::Field& field : form.fields) {
    if (field.sensitivity == domain::Sensitivity::kSecret) return &field;
  }
  return nullptr;
}

// An empty signing secret is a wish for one of ours.
void fill_in(const domain::WebhookSpec& spec, vault::Fields& secrets, const crypto::Key& key, Random& random) {
  Secret& secret = secrets[std::string(domain::kSigningSecret)];
  if (secret.empty()) secret = vault::new_signing_secret(spec, key, random);
}

// Why a credential that was tried out is not saved.
struct Objection {
  FieldProblem problem;
  std::string_view why;  // for the record
};

Objection objection(const vault::RefusedByProvider& refused, const domain::Integration& integration,
                    const domain::AuthTemplate& form) {
  const domain::Field* field = first_secret(form);
  return {{field ? field->name : std::string(kCheckField),
           integration.name + " refused this " + (field ? field->label : form.label) + " (" +
               std::to_string(refused.status) + "). Check that it is complete, still valid and of the right account"},
          "refused_by_provider"};
}

Objection objection(const vault::CouldNotAsk& unasked, const domain::Integration& integration) {
  return {{std::string(kCheckField), "It could not be tried out at " + integration.name + ": " + unasked.why +
                                         " Nothing was saved. Try again, or save it without trying it out"},
          "could_not_ask"};
}

}  // namespace

// Everything of one submit() behind the checks of the form.
struct Handoffs::Filled {
  const domain::Handoff& handoff;
  const Opener& opener;
  const domain::Integration& integration;
  const domain::AuthTemplate& form;
  domain::Connection draft;
  vault::Fields secrets;
  std::vector<std::string> trimmed;
};

Minted Handoffs::mint_secret_form(const Asker& asker, const SecretFormRequest& request) const {
  const auto integration = catalog_.get(request.integration);
  check_label(request.label, "/label");
  domain::Handoff handoff;
  handoff.kind = domain::HandoffKind::kSecretForm;
  handoff.owner = owner_for(asker, request.owner, kTool);
  handoff.subject = handoff.owner.person;
  handoff.integration = integration->slug;
  handoff.auth_template = template_for(*integration, request.auth_template).slug;
  handoff.label = request.label;
  const std::string digest = hex(crypto::mac(keys_.key(crypto::KeyPurpose::kLink),
                                             {"handoff request 1", handoff.integration, handoff.auth_template,
                                              domain::kOwnerNames[handoff.owner.kind], handoff.label}));
  return mint_once(asker, request.request_key, digest, [&] { return handoff; });
}

Submitted Handoffs::submit(const Opener& opener, std::string_view link_token, Submission submission) const {
  const domain::Handoff handoff = find_mine(opener, link_token);
  const Instant now = clock_.now();
  if (const auto state = state_at(handoff, now); !domain::is_open(state)) throw state_conflict(state);
  if (handoff.kind != domain::HandoffKind::kSecretForm) throw no_such_handoff();

  const auto integration = catalog_.get(handoff.integration);
  const domain::AuthTemplate& form = template_for(*integration, handoff.auth_template);
  CheckedForm checked = check_form(*integration, form, submission);
  if (!checked.problems.empty()) return std::move(checked.problems);
  if (form.webhook) {
    fill_in(*form.webhook, submission.secrets, keys_.key(crypto::KeyPurpose::kLink), random_);
  }

  auto draft = connection_for(handoff, ids_.next<ConnectionId>(), now);
  draft.name = handoff.label.empty() ? integration->name : handoff.label;
  draft.base_url = std::move(checked.base_url);
  draft.plain_fields = std::move(checked.plain);
  Filled filled{
      handoff, opener, *integration, form, std::move(draft), std::move(submission.secrets), std::move(checked.trimmed)};
  if (submission.check == LiveCheck::kTry && form.live_test) return try_and_save(std::move(filled));
  return save(std::move(filled), LiveCheck::kSkip);
}

Submitted Handoffs::try_and_save(Filled filled) const {
  const domain::Handoff& handoff = filled.handoff;
  const domain::Integration& integration = filled.integration;
  const domain::Connection& draft = filled.draft;
  const Claims::Hold in_hand(*claims_, handoff.id);
  store_.transact([&](store::Transaction& tx) { claim(tx, handoff, filled.opener, clock_.now()); });
  try {
    const std::string target =
        draft.base_url.empty() ? vault::base_url_for(integration, filled.form, draft.plain_fields) : draft.base_url;
    const auto verdict =
        vault::live_check(client_, integration, filled.form, target, filled.secrets, draft.plain_fields);
    if (const auto* works = std::get_if<vault::Works>(&verdict)) {
      filled.draft.identity_label = works->account;
      return save(std::move(filled), LiveCheck::kTry);
    }
    const auto* refused = std::get_if<vault::RefusedByProvider>(&verdict);
    auto found = refused ? objection(*refused, integration, filled.form)
                         : objection(std::get<vault::CouldNotAsk>(verdict), integration);
    give_back(handoff, found.why);
    return std::vector{std::move(found.problem)};
  } catch (const Error& error) {
    give_back(handoff, "failed");
    // A URL that may not be called, a credential that cannot be sent: for the person to mend.
    if (error.code() != ErrorCode::kInvalidArgument) throw;
    return std::vector{FieldProblem{std::string(kCheckField), error.message()}};
  }
}

Saved Handoffs::save(Filled filled, LiveCheck check) const {
  const Instant now = clock_.now();
  const auto sealed = vault_.seal(filled.draft, filled.secrets);
  auto connection = store_.transact([&](store::Transaction& tx) {
    domain::Connection named = filled.draft;
    named.name = free_name(tx.connections(), filled.draft);
    if (check == LiveCheck::kSkip) claim(tx, filled.handoff, filled.opener, now);
    tx.connections().insert(named, sealed, created_event(named, filled.opener, sealed));
    settle(tx, filled.handoff, filled.opener, named.id, now);
    return named;
  });
  return {std::move(connection), std::move(filled.trimmed), check == LiveCheck::kTry};
}

}  // namespace countersign::handoff
