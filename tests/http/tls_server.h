// A TLS server on loopback with a certificate of its own for `provider.test`, which nobody trusts unless told
// to. It answers each connection once with "tls" and ends it.
#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <signal.h>

#include <cstdio>
#include <memory>
#include <string>

#include "support/scripted_server.h"

namespace countersign::http::testing {

class TlsServer {
 public:
  TlsServer() : key_(EVP_EC_gen("P-256"), EVP_PKEY_free), certificate_(X509_new(), X509_free) {
    make_certificate();
    context_.reset(SSL_CTX_new(TLS_server_method()));
    SSL_CTX_use_certificate(context_.get(), certificate_.get());
    SSL_CTX_use_PrivateKey(context_.get(), key_.get());
    server_ = std::make_unique<support::ScriptedServer>([this](auto& peer) { serve(peer.fd()); });
  }

  std::string port() const { return server_->port(); }
  std::size_t connections() const { return server_->connections(); }
  void write_certificate(const std::string& path) const {
    const std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen(path.c_str(), "w"), std::fclose);
    PEM_write_X509(file.get(), certificate_.get());
  }

 private:
  struct Free {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
    void operator()(SSL* connection) const { SSL_free(connection); }
  };

  void make_certificate() {
    X509* const certificate = certificate_.get();
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key_.get());
    X509_NAME* const who = X509_get_subject_name(certificate);
    const auto* common = reinterpret_cast<const unsigned char*>("provider.test");
    X509_NAME_add_entry_by_txt(who, "CN", MBSTRING_ASC, common, -1, -1, 0);
    X509_set_issuer_name(certificate, who);
    X509_EXTENSION* const names = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "DNS:provider.test");
    X509_add_ext(certificate, names, -1);
    X509_EXTENSION_free(names);
    X509_sign(certificate, key_.get(), EVP_sha256());
  }

  void serve(int fd) {
    sigset_t broken_pipe;  // OpenSSL writes without MSG_NOSIGNAL; the client may be gone
    sigemptyset(&broken_pipe);
    sigaddset(&broken_pipe, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &broken_pipe, nullptr);
    const std::unique_ptr<SSL, Free> connection(SSL_new(context_.get()));
    SSL_set_fd(connection.get(), fd);
    if (SSL_accept(connection.get()) != 1) return;
    char request[4096];
    if (SSL_read(connection.get(), request, sizeof request) <= 0) return;
    const std::string answer = support::ScriptedServer::answer("tls");
    SSL_write(connection.get(), answer.data(), static_cast<int>(answer.size()));
    SSL_shutdown(connection.get());
  }

  std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key_;
  std::unique_ptr<X509, void (*)(X509*)> certificate_;
  std::unique_ptr<SSL_CTX, Free> context_;
  std::unique_ptr<support::ScriptedServer> server_;  // last: its threads use the rest
};

}  // namespace countersign::http::testing
