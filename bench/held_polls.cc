// Parks N long polls, each on a handoff of its own, and reads what they cost; then cancels handoffs and
// times the answer of their polls.
//   held_polls HOST PORT TOKEN PID N RELEASES
//
// Prints one JSON object. Cancelling is the decision: a durable change with its audit event, the same path
// as a person's. One thread, plain sockets, so the client costs next to nothing.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

namespace {

using Steady = std::chrono::steady_clock;

struct Target {
  std::string host;
  int port;
  std::string token;
};

int open_connection(const Target& target) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(target.port));
  ::inet_pton(AF_INET, target.host.c_str(), &address.sin_addr);
  if (fd < 0 || ::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    std::perror("connect");
    std::exit(1);
  }
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

void send_all(int fd, const std::string& bytes) {
  if (::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(bytes.size())) {
    std::perror("send");
    std::exit(1);
  }
}

std::string receive(int fd) {
  std::string answer;
  char buffer[4096];
  while (true) {
    const ssize_t got = ::recv(fd, buffer, sizeof buffer, 0);
    if (got <= 0) return answer;
    answer.append(buffer, static_cast<std::size_t>(got));
    const auto head = answer.find("\r\n\r\n");
    if (head == std::string::npos) continue;
    const auto length = answer.find("Content-Length: ");
    const std::size_t body = length == std::string::npos ? 0 : std::strtoul(answer.c_str() + length + 16, nullptr, 10);
    if (answer.size() >= head + 4 + body) return answer;
  }
}

std::string request(const Target& target, const std::string& line, const std::string& body = {}) {
  std::string text = line + " HTTP/1.1\r\nHost: " + target.host + ":" + std::to_string(target.port) +
                     "\r\nAuthorization: Bearer " + target.token + "\r\n";
  if (!body.empty()) text += "Content-Type: application/json\r\n";
  if (line.starts_with("POST")) text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  return text + "\r\n" + body;
}

std::string mint(int fd, const Target& target) {
  send_all(fd, request(target, "POST /v1/handoffs", R"({"integration":"demo"})"));
  const std::string answer = receive(fd);
  const auto at = answer.find("\"handoffId\":\"");
  if (at == std::string::npos) {
    std::fprintf(stderr, "no handoff: %s\n", answer.c_str());
    std::exit(1);
  }
  return answer.substr(at + 13, answer.find('"', at + 13) - at - 13);
}

long resident_kib(int pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) return std::strtol(line.c_str() + 6, nullptr, 10);
  }
  return 0;
}

double cpu_seconds(int pid) {
  std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  std::getline(stat, text);
  long long user = 0, system = 0;
  std::sscanf(text.c_str() + text.rfind(')') + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lld %lld", &user,
              &system);
  return static_cast<double>(user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

double percentile(std::vector<double>& sorted, double part) {
  return sorted[std::min(sorted.size() - 1, static_cast<std::size_t>(part * static_cast<double>(sorted.size())))];
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 7) return 2;
  const Target target{argv[1], std::atoi(argv[2]), argv[3]};
  const int pid = std::atoi(argv[4]);
  const auto count = static_cast<std::size_t>(std::atoi(argv[5]));
  const auto releases = std::min(count, static_cast<std::size_t>(std::atoi(argv[6])));
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);

  const int control = open_connection(target);
  std::vector<std::string> ids;
  for (std::size_t i = 0; i < count; ++i) ids.push_back(mint(control, target));
  const long before = resident_kib(pid);
  std::vector<int> polls;
  for (const std::string& id : ids) {
    polls.push_back(open_connection(target));
    send_all(polls.back(), request(target, "GET /v1/handoffs/" + id + "?wait=50"));
  }
  std::this_thread::sleep_for(std::chrono::seconds(2));
  const long after = resident_kib(pid);
  const double cpu_before = cpu_seconds(pid);
  std::this_thread::sleep_for(std::chrono::seconds(5));
  const double idle_cpu = (cpu_seconds(pid) - cpu_before) / 5.0;

  std::vector<double> microseconds;
  std::size_t lost = 0;
  for (std::size_t i = 0; i < releases; ++i) {
    const auto start = Steady::now();
    send_all(control, request(target, "POST /v1/handoffs/" + ids[i] + "/cancel"));
    const std::string answer = receive(polls[i]);
    microseconds.push_back(std::chrono::duration<double, std::micro>(Steady::now() - start).count());
    if (answer.find("\"cancelled\"") == std::string::npos) ++lost;
    receive(control);
  }
  // The rest answer at their deadline: none may be lost.
  for (std::size_t i = releases; i < count; ++i) {
    if (receive(polls[i]).find("\"pending\"") == std::string::npos) ++lost;
  }
  std::sort(microseconds.begin(), microseconds.end());
  std::printf(
      "{\"held\":%zu,\"kib_each\":%.2f,\"idle_cpu_percent\":%.2f,\"release_p50_us\":%.0f,\"release_p99_us\":%.0f,"
      "\"lost\":%zu}\n",
      count, static_cast<double>(after - before) / static_cast<double>(count), idle_cpu * 100,
      percentile(microseconds, 0.5), percentile(microseconds, 0.99), lost);
  return lost == 0 ? 0 : 1;
}
