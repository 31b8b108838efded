// TLS connections that CAF has only one end of, or none.

#include "remote/members/certificates.hpp"
#include "remote/members/cluster_room.hpp"
#include "remote/peers/raw_socket.hpp"
#include "remote/soon.hpp"
#include "support/catch.hpp"

#include <array>
#include <memory>
#include <openssl/err.h>
#include <openssl/ssl.h>

using namespace troupe_test;
using troupe::remote::endpoint;
using troupe::remote::tls_options;

namespace {

using context_ptr = std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)>;
using session_ptr = std::unique_ptr<SSL, void (*)(SSL*)>;

context_ptr context_of(const tls_options* tls) {
  context_ptr made{SSL_CTX_new(TLS_method()), SSL_CTX_free};
  if (tls == nullptr) return made;
  REQUIRE(SSL_CTX_use_certificate_chain_file(made.get(),
                                             tls->certificate.c_str()) == 1);
  REQUIRE(SSL_CTX_use_PrivateKey_file(made.get(), tls->key.c_str(),
                                      SSL_FILETYPE_PEM) == 1);
  REQUIRE(SSL_CTX_load_verify_locations(made.get(), tls->authorities.c_str(),
                                        nullptr) == 1);
  SSL_CTX_set_verify(
      made.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  return made;
}

/// A handshake in memory, on the thread of the test.
bool shake_hands(const tls_options& one, const tls_options& other) {
  const auto client_side = context_of(&one);
  const auto server_side = context_of(&other);
  const session_ptr client{SSL_new(client_side.get()), SSL_free};
  const session_ptr server{SSL_new(server_side.get()), SSL_free};
  BIO* near = nullptr;
  BIO* far = nullptr;
  REQUIRE(BIO_new_bio_pair(&near, 0, &far, 0) == 1);
  SSL_set_bio(client.get(), near, near);
  SSL_set_bio(server.get(), far, far);
  SSL_set_connect_state(client.get());
  SSL_set_accept_state(server.get());
  for (int round = 0; round < 10; ++round) {
    const bool client_done = SSL_do_handshake(client.get()) == 1;
    const bool server_done = SSL_do_handshake(server.get()) == 1;
    if (client_done && server_done) return true;
  }
  return false;
}

/// Returns whether a TLS client without CAF is let in as far as any byte of the
/// supervisor's: the first thing that a CAF node says.
bool is_greeted(const endpoint& at, const tls_options* tls) {
  const raw_socket to{at.port};
  const timeval patience{20, 0};
  setsockopt(to.handle(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  const auto context = context_of(tls);
  const session_ptr client{SSL_new(context.get()), SSL_free};
  SSL_set_fd(client.get(), to.handle());
  std::array<char, 64> heard{};
  const bool greeted =
      SSL_connect(client.get()) == 1 &&
      SSL_read(client.get(), heard.data(), static_cast<int>(heard.size())) > 0;
  ERR_clear_error();
  return greeted;
}

}  // namespace

TEST_CASE("A TLS client without a certificate hears nothing", "[remote][tls]") {
  certificates authority;
  cluster_room room{{}, authority.network("boss.test", {"worker.test"})};
  const auto friendly =
      authority.tls({.names = {"worker.test"}}, {"boss.test"});
  const auto stranger = authority.tls({.names = {"stranger.test"}}, {"any"});
  CHECK_FALSE(is_greeted(room.listener().at(), nullptr));
  CHECK_FALSE(is_greeted(room.listener().at(), &stranger));
  // That it was greeted with a certificate shows that the greeting is heard.
  CHECK(soon([&] { return is_greeted(room.listener().at(), &friendly); }));
}

TEST_CASE("Other TLS connections of the process are not looked at",
          "[remote][tls]") {
  certificates authority;
  cluster_room room{{}, authority.network("boss.test", {"worker.test"})};
  const auto worker = authority.tls({.names = {"worker.test"}}, {"boss.test"});
  REQUIRE(soon([&] { return is_greeted(room.listener().at(), &worker); }));
  certificates others;
  const auto client = others.tls({.names = {"anybody.test"}}, {"any"});
  const auto server = others.tls({.names = {"somebody.test"}}, {"any"});
  CHECK(shake_hands(client, server));
  CHECK_FALSE(shake_hands(
      client, authority.tls({.names = {"somebody.test"}}, {"any"})));
}
