// Signatures of deliveries, against the examples that others publish.
#include "vault/webhook_signature.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "crypto/test_keys.h"
#include "support/seeded_random.h"

namespace countersign::vault {
namespace {

using domain::WebhookScheme;
using domain::WebhookSpec;

const WebhookSpec kStandard{};
const WebhookSpec kGitHub{WebhookScheme::kBodyHmac, "x-hub-signature-256", "sha256=", "x-github-delivery", ""};
const WebhookSpec kBare{WebhookScheme::kBodyHmac, "linear-signature", "", "", ""};

// The secret, message and signature that the libraries of Standard Webhooks are tested with.
constexpr std::string_view kSecretText = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
constexpr std::string_view kRight = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
Signed published(std::string_view signature) {
  return {"msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", signature, R"({"test": 2432232314})"};
}
bool holds(std::string_view signature, std::string_view secret = kSecretText) {
  return signature_holds(kStandard, Secret::copy_of(secret), published(signature));
}

TEST(StandardWebhooks, ThePublishedExampleHolds) {
  EXPECT_TRUE(holds(kRight));
  EXPECT_TRUE(holds(kRight, kSecretText.substr(6))) << "the prefix of the secret is only a name";
  EXPECT_EQ(signature_of(kStandard, Secret::copy_of(kSecretText), published("")), kRight);
}

TEST(StandardWebhooks, EveryPartIsSigned) {
  const Secret secret = Secret::copy_of(kSecretText);
  for (int part = 0; part < 3; ++part) {
    Signed changed = published(kRight);
    if (part == 0) changed.id = "msg_p5jXN8AQM9LWM0D4loKWxJeK";
    if (part == 1) changed.timestamp = "1614265331";
    if (part == 2) changed.body = R"({"test": 2432232315})";
    EXPECT_FALSE(signature_holds(kStandard, secret, changed)) << part;
  }
  EXPECT_FALSE(holds(kRight, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSx"));
}

TEST(StandardWebhooks, OneRightSignatureOfSeveralIsEnough) {
  const std::string wrong = "v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
  const std::string right(kRight);
  EXPECT_TRUE(holds(wrong + " " + right));
  EXPECT_TRUE(holds(right + " " + wrong));
  EXPECT_TRUE(holds("v1a,abc  " + right + " "));
  EXPECT_FALSE(holds(wrong + " " + wrong));
}

TEST(StandardWebhooks, WhatIsNotWrittenAsASignatureIsNone) {
  const std::string bare(kRight.substr(3));
  for (const std::string& bad :
       {std::string(), bare, "v1a," + bare, "V1," + bare, "v1=" + bare, "v1, " + bare, std::string("v1,"),
        std::string(kRight.substr(0, kRight.size() - 1)), std::string(kRight) + "=", "v1," + bare + "," + bare}) {
    EXPECT_FALSE(holds(bad)) << bad;
  }
}

// An empty or broken key would sign for anybody.
TEST(StandardWebhooks, ASecretOfAnotherKindSignsNothing) {
  for (const std::string_view bad : {"", "whsec_", "whsec_AAAA", "whsec_!fKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "password",
                                     "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwM", "whsec_=", "===="}) {
    const Secret secret = Secret::copy_of(bad);
    EXPECT_FALSE(signature_holds(kStandard, secret, published(kRight))) << bad;
    EXPECT_THROW(signature_of(kStandard, secret, published("")), Error) << bad;
    EXPECT_NE(problem_with_signing_secret(kStandard, secret), "") << bad;
  }
  EXPECT_EQ(problem_with_signing_secret(kStandard, Secret::copy_of(kSecretText)), "");
  EXPECT_EQ(problem_with_signing_secret(kGitHub, Secret("anything")), "");
}

// From GitHub's page on validating deliveries.
TEST(BodyHmac, ThePublishedExampleHolds) {
  const Secret secret("It's a Secret to Everybody");
  const std::string right = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
  const auto check = [&](const WebhookSpec& spec, std::string_view signature, std::string_view body) {
    return signature_holds(spec, secret, {"1", "", signature, body});
  };
  EXPECT_TRUE(check(kGitHub, "sha256=" + right, "Hello, World!"));
  EXPECT_TRUE(
      check(kGitHub, "sha256=757107EA0EB2509FC211221CCE984B8A37570B6D7586C22C46F4379C8B043E17", "Hello, World!"));
  EXPECT_TRUE(check(kGitHub, "sha1=00,sha256=" + right, "Hello, World!")) << "several versions in one header";
  EXPECT_TRUE(check(kBare, right, "Hello, World!"));
  EXPECT_FALSE(check(kGitHub, "sha256=" + right, "Hello, World"));
  EXPECT_FALSE(check(kGitHub, right, "Hello, World!")) << "without its prefix";
  EXPECT_FALSE(check(kBare, "sha256=" + right, "Hello, World!"));
  EXPECT_FALSE(check(kGitHub, "sha256=", "Hello, World!"));
  EXPECT_FALSE(check(kGitHub, "sha256=" + right.substr(0, 63), "Hello, World!"));
  EXPECT_FALSE(signature_holds(kGitHub, Secret(), {"1", "", "sha256=" + right, "Hello, World!"}));
  EXPECT_EQ(signature_of(kGitHub, secret, {"1", "", "", "Hello, World!"}), "sha256=" + right);
}

TEST(NewSigningSecret, SignsAndIsOneWordThatNeedsNoEscaping) {
  support::SeededRandom random;
  const crypto::Key ours = crypto::test_key();
  for (const WebhookSpec& spec : {kStandard, kGitHub}) {
    std::string before;
    for (int i = 0; i < 200; ++i) {
      const Secret secret = new_signing_secret(spec, ours, random);
      const std::string text(secret.reveal());
      EXPECT_NE(text, before);
      EXPECT_EQ(text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"),
                std::string::npos)
          << text;
      EXPECT_EQ(text.size(), spec == kStandard ? 50U : 66U);
      EXPECT_EQ(problem_with_signing_secret(spec, secret), "");
      EXPECT_TRUE(is_made_here(spec, ours, secret));
      const std::string signature = signature_of(spec, secret, {"m", "1", "", "body"});
      EXPECT_TRUE(signature_holds(spec, secret, {"m", "1", signature, "body"}));
      before = text;
    }
  }
}

// By its form alone it could not be: a provider's may look the same.
TEST(NewSigningSecret, WhatSomebodyTypedIsToldApart) {
  support::SeededRandom random;
  const crypto::Key ours = crypto::test_key(0), another = crypto::test_key(1);
  for (const WebhookSpec& spec : {kStandard, kGitHub}) {
    for (const std::string_view typed :
         {"It's a Secret to Everybody", "", "whsec_", "sha256", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}) {
      EXPECT_FALSE(is_made_here(spec, ours, Secret::copy_of(typed))) << typed;
    }
    const Secret made = new_signing_secret(spec, ours, random);
    EXPECT_FALSE(is_made_here(spec, another, made)) << "of another broker";
    const std::string text(made.reveal());
    for (std::size_t at = text.size() - 44; at < text.size(); ++at) {
      std::string changed = text;
      changed[at] = changed[at] == 'a' ? 'b' : 'a';
      EXPECT_FALSE(is_made_here(spec, ours, Secret::copy_of(changed))) << at;
    }
    EXPECT_FALSE(is_made_here(spec, ours, Secret::copy_of(text.substr(0, text.size() - 2))));
  }
}

}  // namespace
}  // namespace countersign::vault
