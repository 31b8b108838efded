#pragma once

// For programs that read their command line with CLI11, version 2, which
// nothing else of this library needs.

#include <troupe/error.hpp>
#include <troupe/remote/network.hpp>

#include <CLI/CLI.hpp>

#include <optional>
#include <string>

namespace troupe::remote {

/// The part that a program plays in a cluster, as its command line says.
struct cluster_arguments {
  /// The address at which workers join: the program is a supervisor.
  std::optional<endpoint> listen = {};
  /// The supervisor that it joins: the program is a worker.
  std::optional<endpoint> join = {};
  /// All empty without TLS.
  tls_options tls = {};

  /// For `network`.
  [[nodiscard]] network_options network() const {
    network_options made;
    if (!tls.certificate.empty()) made.tls = tls;
    return made;
  }
};

}  // namespace troupe::remote

namespace troupe::detail {

/// Completes a port alone to HOST:PORT. Returns the fault, or an empty text.
inline std::string complete_address(std::string& text) {
  if (text.find(':') == text.npos) text = "127.0.0.1:" + text;
  try {
    static_cast<void>(remote::endpoint::from(text));
    return {};
  } catch (const error& fault) {
    return fault.message();
  }
}

inline CLI::Option* add_address(CLI::App& app, const std::string& name,
                                std::optional<remote::endpoint>& into,
                                const std::string& description) {
  const auto read = [&into](const std::string& text) {
    into = remote::endpoint::from(text);
  };
  return app.add_option_function<std::string>(name, read, description)
      ->type_name("[HOST:]PORT")
      ->transform(CLI::Validator{complete_address, ""});
}

}  // namespace troupe::detail

namespace troupe::remote {

/// Adds `--cert FILE`, `--key FILE`, `--ca FILE` and `--peer NAME`, of which
/// all or none are given. `into` must be there as long as `app` is used.
inline void add_tls_options(CLI::App& app, tls_options& into) {
  auto* certificate = app.add_option("--cert", into.certificate,
                                     "the certificate of this process; "
                                     "required to reach other machines")
                          ->type_name("FILE");
  auto* key =
      app.add_option("--key", into.key, "the private key of the certificate")
          ->type_name("FILE");
  auto* authorities =
      app.add_option("--ca", into.authorities,
                     "the certificates of the authorities to trust")
          ->type_name("FILE");
  auto* peers =
      app.add_option(
             "--peer", into.peers,
             "a name that the certificate of a peer may have; repeatable")
          ->type_name("NAME");
  certificate->needs(key)->needs(authorities)->needs(peers);
  for (auto* each : {key, authorities, peers}) each->needs(certificate);
}

/// Adds `--listen [HOST:]PORT` for a supervisor, `--worker --join [HOST:]PORT`
/// for a worker, and the options for TLS. A port alone is one of this machine;
/// with neither, the program is by itself. `into` must be there as long as
/// `app` is used.
inline void add_cluster_options(CLI::App& app, cluster_arguments& into) {
  auto* listen =
      troupe::detail::add_address(app, "--listen", into.listen,
                                  "let workers do the work: listen for them at "
                                  "this address, and wait for one");
  auto* worker =
      app.add_flag("--worker")->description("run as one of these workers");
  auto* join = troupe::detail::add_address(app, "--join", into.join,
                                           "the address of the supervisor");
  worker->needs(join)->excludes(listen);
  join->needs(worker);
  add_tls_options(app, into.tls);
}

}  // namespace troupe::remote
