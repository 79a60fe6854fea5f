#include "app/serve.h"

#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <string_view>

#include "app/data_dir.h"
#include "app/dev.h"
#include "crypto/system_random.h"

namespace countersign::app {
namespace {

using namespace std::chrono_literals;

constexpr auto kDrainPatience = 4s;  // a second below the promise of five, for closing the database

sigset_t end_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

}  // namespace

void block_signals() {
  const sigset_t signals = end_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  (void)std::signal(SIGPIPE, SIG_IGN);
  (void)std::signal(SIGXFSZ, SIG_IGN);  // a write over a file-size limit then fails like any other
}

void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

std::map<std::string, std::string> process_environment() {
  std::map<std::string, std::string> variables;
  for (const char* const* entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const auto equals = text.find('=');
    if (equals != std::string_view::npos) variables.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return variables;
}

ExitCode wait_and_shut_down(Broker& broker, Log& log) {
  const sigset_t signals = end_signals();
  int signal = 0;
  while (sigwait(&signals, &signal) != 0) {
  }
  log.write(LogLevel::kInfo, "stopping", {{"signal", signal}});
  broker.shut_down(kDrainPatience);
  return ExitCode::kOk;
}

ExitCode run_serve(Config config, const std::filesystem::path& ready_file, Log& log) {
  const SystemClock clock;
  crypto::SystemRandom random;
  check_whole(config);
  prepare_data_dir(config.data_dir);
  ApplicationOptions options;
  options.config = std::move(config);
  options.environment = process_environment();
  Broker broker(std::move(options), clock, random, log);
  broker.serve();
  log.write(LogLevel::kInfo, "serving",
            {{"url", broker.endpoints().base_url}, {"ops", broker.endpoints().ops_url}, {"pid", ::getpid()}});
  if (!ready_file.empty()) write_ready_file(ready_file, broker.endpoints(), Secret());
  return wait_and_shut_down(broker, log);
}

}  // namespace countersign::app
