// The kind `secret_form`: the person types a credential into our form, it becomes a connection.
#include <algorithm>

#include "base/encoding.h"
#include "crypto/mac.h"
#include "handoff/base_url.h"
#include "handoff/rules.h"
#include "vault/field_check.h"

namespace countersign::handoff {
namespace {

constexpr std::size_t kLabelLimit = 120;  // code points

domain::Owner owner_for(const Asker& asker, const SecretFormRequest& request) {
  const auto wanted = request.owner.value_or(asker.owner.valid() ? domain::OwnerKind::kUser : domain::OwnerKind::kOrg);
  if (wanted == domain::OwnerKind::kOrg) return domain::Owner::org();
  if (!asker.owner.valid()) {
    throw Error(ErrorCode::kConflict, "subject_required",
                "This grant belongs to the workspace, so nobody is expected to open a personal handoff. "
                "Ask for owner \"org\" instead.")
        .recovery("connections.createHandoff");
  }
  return domain::Owner::user(asker.owner);
}

const domain::AuthTemplate& template_for(const domain::Integration& integration, std::string_view slug) {
  if (const domain::AuthTemplate* found = integration.find_template(slug)) return *found;
  std::string known;
  for (const domain::AuthTemplate& one : integration.templates) known += (known.empty() ? "" : ", ") + one.slug;
  throw Error(ErrorCode::kNotFound, "unknown_template",
              integration.slug + " has no template of that name; it has: " + known + ".")
      .recovery("integrations.list");
}

void check_label(std::string_view label) {
  if (code_points(label) > kLabelLimit) {
    throw Error(ErrorCode::kInvalidArgument, "label_too_long",
                "A label has at most " + std::to_string(kLabelLimit) + " characters.")
        .at("/label");
  }
}

// What the person typed, looked at field by field.
struct Checked {
  std::vector<FieldProblem> problems;
  std::vector<std::string> trimmed;
  std::string base_url;
  std::vector<std::pair<std::string, std::string>> plain;
};

std::string trimmed_text(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const auto first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(kSpace) + 1 - first));
}

void check_secret(const domain::Field& field, vault::Fields& secrets, Checked& checked) {
  Secret& value = secrets[field.name];
  if (vault::trim(value) == vault::Trimmed::kYes) checked.trimmed.push_back(field.label);
  std::string problem = vault::problem_with(field, value);
  if (!problem.empty()) checked.problems.push_back({field.name, std::move(problem)});
}

void check_plain(const domain::Field& field, const Submission& typed, Checked& checked) {
  const auto found = typed.plain.find(field.name);
  std::string value = found == typed.plain.end() ? "" : trimmed_text(found->second);
  std::string problem = vault::problem_with(field, value);
  if (!problem.empty()) checked.problems.push_back({field.name, std::move(problem)});
  checked.plain.emplace_back(field.name, std::move(value));
}

void check_base_url(const Submission& typed, Checked& checked) {
  const auto found = typed.plain.find(kBaseUrlField);
  auto url = parse_base_url(found == typed.plain.end() ? "" : trimmed_text(found->second));
  if (auto* problem = std::get_if<BaseUrlProblem>(&url)) {
    checked.problems.push_back({std::string(kBaseUrlField), problem->message});
  } else {
    checked.base_url = std::get<std::string>(url);
  }
}

Checked check(const domain::Integration& integration, const domain::AuthTemplate& form, Submission& typed) {
  Checked checked;
  if (integration.base_url_rule == domain::BaseUrlRule::kPersonEnters) check_base_url(typed, checked);
  for (const domain::Field& field : form.fields) {
    if (field.sensitivity == domain::Sensitivity::kSecret) {
      check_secret(field, typed.secrets, checked);
    } else {
      check_plain(field, typed, checked);
    }
  }
  // Only what the template declares is kept.
  std::erase_if(typed.secrets, [&](const auto& entry) {
    return std::none_of(form.fields.begin(), form.fields.end(), [&](const domain::Field& field) {
      return field.name == entry.first && field.sensitivity == domain::Sensitivity::kSecret;
    });
  });
  return checked;
}

// "Stripe", "Stripe 2", …: a second connection never replaces the first.
std::string free_name(const store::Connections& connections, const domain::Connection& wanted) {
  std::string name = wanted.name;
  for (int n = 2; connections.find_by_name(wanted.workspace, wanted.owner, wanted.integration, name); ++n) {
    name = wanted.name + " " + std::to_string(n);
  }
  return name;
}

domain::Connection new_connection(const domain::Handoff& handoff, const domain::Integration& integration,
                                  const Checked& checked, ConnectionId id, Instant now) {
  domain::Connection connection;
  connection.id = id;
  connection.workspace = handoff.workspace;
  connection.owner = handoff.owner;
  connection.integration = handoff.integration;
  connection.name = handoff.label.empty() ? integration.name : handoff.label;
  connection.auth_template = handoff.auth_template;
  connection.base_url = checked.base_url;
  connection.plain_fields = checked.plain;
  connection.created_by = handoff.id;
  connection.created_at = now;
  connection.updated_at = now;
  return connection;
}

domain::AuditEvent created_event(const domain::Connection& connection, const Opener& opener,
                                 std::span<const domain::SealedField> sealed) {
  domain::AuditEvent event;
  event.workspace = connection.workspace;
  event.at = connection.created_at;
  event.actor = domain::Actor::person(opener.person);
  event.action = "connection.created";
  event.object = connection.id.text();
  event.facts = vault::seal_facts(sealed);
  event.facts.emplace_back("integration", connection.integration);
  event.facts.emplace_back("handoff", connection.created_by.text());
  event.note = connection.name;
  return event;
}

}  // namespace

Minted Handoffs::mint_secret_form(const Asker& asker, const SecretFormRequest& request) const {
  const domain::Integration& integration = catalog_.get(request.integration);
  check_label(request.label);
  domain::Handoff handoff;
  handoff.kind = domain::HandoffKind::kSecretForm;
  handoff.owner = owner_for(asker, request);
  handoff.subject = handoff.owner.person;
  handoff.integration = integration.slug;
  handoff.auth_template = template_for(integration, request.auth_template).slug;
  handoff.label = request.label;
  handoff.request_key = request.request_key;
  const std::string digest = hex(crypto::mac(keys_.key(crypto::KeyPurpose::kLink),
                                             {"handoff request 1", handoff.integration, handoff.auth_template,
                                              domain::kOwnerNames[handoff.owner.kind], handoff.label}));
  if (request.request_key.empty()) return insert(std::move(handoff), asker, digest);
  if (auto earlier = repeated(asker, request.request_key, digest)) return std::move(*earlier);
  try {
    return insert(std::move(handoff), asker, digest);
  } catch (const Error& error) {
    // Two identical requests at once: the slower one finds what the faster one made.
    if (error.reason() != "request_key_taken") throw;
    if (auto earlier = repeated(asker, request.request_key, digest)) return std::move(*earlier);
    throw;
  }
}

std::optional<Minted> Handoffs::repeated(const Asker& asker, std::string_view request_key,
                                         std::string_view digest) const {
  auto earlier = store_.read(
      [&](const store::Snapshot& now) { return now.handoffs().find_by_request_key(asker.agent, request_key); });
  if (!earlier) return std::nullopt;
  if (earlier->request_digest != digest) {
    throw Error(ErrorCode::kConflict, "request_key_reused",
                "This Idempotency-Key was used for a different request. Use a new one.");
  }
  std::string token = link_token(earlier->id);
  return Minted{std::move(*earlier), std::move(token)};
}

Submitted Handoffs::submit(const Opener& opener, std::string_view link_token, Submission submission) const {
  const domain::Handoff handoff = find_mine(opener, link_token);
  const Instant now = clock_.now();
  if (const auto state = state_at(handoff, now); !domain::is_open(state)) throw state_conflict(state);
  if (handoff.kind != domain::HandoffKind::kSecretForm) throw no_such_handoff();

  const domain::Integration& integration = catalog_.get(handoff.integration);
  Checked checked = check(integration, template_for(integration, handoff.auth_template), submission);
  if (!checked.problems.empty()) return std::move(checked.problems);

  auto draft = new_connection(handoff, integration, checked, ids_.next<ConnectionId>(), now);
  const auto sealed = vault_.seal(draft, submission.secrets);
  auto connection = store_.transact([&](store::Transaction& tx) {
    domain::Connection named = draft;
    named.name = free_name(tx.connections(), draft);
    claim(tx, handoff, opener, now);
    tx.connections().insert(named, sealed, created_event(named, opener, sealed));
    settle(tx, handoff, opener, named.id, now);
    return named;
  });
  return Saved{std::move(connection), std::move(checked.trimmed)};
}

}  // namespace countersign::handoff
