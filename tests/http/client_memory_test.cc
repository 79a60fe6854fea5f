// What of a request and its answer is still in this process's memory afterwards, while the client and its kept
// connection live on: nothing. Plain http; what OpenSSL keeps in its own buffers is not looked at here.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>

#include "http/client.h"
#include "support/scripted_server.h"

namespace countersign::http {
namespace {

// The canary stands nowhere in the program as it is, only with every byte inverted.
class Canary {
 public:
  explicit Canary(std::uint32_t seed) {
    for (char& byte : inverted_) {
      seed = seed * 1664525 + 1013904223;
      byte = static_cast<char>(~static_cast<unsigned>('a' + (seed >> 24) % 26));
    }
  }
  void write(char* to) const {
    for (const char byte : inverted_) *to++ = static_cast<char>(~static_cast<unsigned>(byte));
  }
  bool is_at(const char* place) const {
    for (const char byte : inverted_) {
      if (*place++ != static_cast<char>(~static_cast<unsigned>(byte))) return false;
    }
    return true;
  }
  char first() const { return static_cast<char>(~static_cast<unsigned>(inverted_[0])); }
  static constexpr std::size_t kSize = 48;

 private:
  std::array<char, kSize> inverted_;
};

// Reads this process's memory through a mapping of its own, which it leaves out.
class MemoryScan {
 public:
  MemoryScan() : memory_(::open("/proc/self/mem", O_RDONLY | O_CLOEXEC)) {
    window_ = static_cast<char*>(::mmap(nullptr, kWindow, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    // Neighbouring mappings of the same kind are shown as one; a flag of its own keeps this one apart.
    ::madvise(window_, kWindow, MADV_DONTDUMP);
  }
  ~MemoryScan() {
    ::munmap(window_, kWindow);
    ::close(memory_);
  }
  MemoryScan(const MemoryScan&) = delete;
  MemoryScan& operator=(const MemoryScan&) = delete;

  std::size_t count(const Canary& canary) {
    std::size_t found = 0;
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
      std::uintptr_t begin = 0;
      std::uintptr_t end = 0;
      char access[5] = {};
      if (std::sscanf(line.c_str(), "%lx-%lx %4s", &begin, &end, access) != 3) continue;
      const bool own =
          begin <= reinterpret_cast<std::uintptr_t>(window_) && reinterpret_cast<std::uintptr_t>(window_) < end;
      // Larger ones are the sanitizers' shadows.
      if (access[0] != 'r' || access[1] != 'w' || own || end - begin > kLargest) continue;
      found += count_in(begin, end, canary);
    }
    ::explicit_bzero(window_, kWindow);
    return found;
  }

 private:
  std::size_t count_in(std::uintptr_t begin, std::uintptr_t end, const Canary& canary) {
    std::size_t found = 0;
    for (std::uintptr_t at = begin; at < end; at += kWindow - Canary::kSize + 1) {
      const std::size_t size = std::min<std::size_t>(kWindow, end - at);
      const ssize_t got = ::pread(memory_, window_, size, static_cast<off_t>(at));
      if (got < static_cast<ssize_t>(Canary::kSize)) continue;
      const char* const last = window_ + got - Canary::kSize;
      const char* place = window_;
      while (place <= last && (place = find(place, last, canary.first())) != nullptr) {
        if (canary.is_at(place++)) ++found;
      }
    }
    return found;
  }

  static const char* find(const char* from, const char* last, char byte) {
    return static_cast<const char*>(std::memchr(from, byte, static_cast<std::size_t>(last - from) + 1));
  }

  static constexpr std::size_t kWindow = 1 << 20;
  static constexpr std::size_t kLargest = 256 << 20;
  int memory_;
  char* window_;
};

const Canary kHeader(1);
const Canary kBody(2);
const Canary kAnswer(3);

// Reads a request into memory that it wipes, checks that both canaries are in it, and answers with the third.
void answer_once(support::ScriptedServer::Peer& peer) {
  WipingBuffer input(64 * 1024);
  std::size_t size = 0;
  int seen = 0;
  while (seen != 2) {
    const ssize_t got = ::recv(peer.fd(), input.data() + size, input.size() - size, 0);
    if (got <= 0) return;
    size += static_cast<std::size_t>(got);
    seen = 0;
    for (std::size_t i = 0; i + Canary::kSize <= size; ++i) {
      if (kHeader.is_at(input.data() + i) || kBody.is_at(input.data() + i)) ++seen;
    }
  }
  WipingBuffer answer;
  append(answer, "HTTP/1.1 200 OK\r\nContent-Length: 48\r\n\r\n");
  answer.resize(answer.size() + Canary::kSize);
  kAnswer.write(answer.data() + answer.size() - Canary::kSize);
  peer.send(view(answer));
}

std::atomic<bool> server_forgot{false};

void serve(support::ScriptedServer::Peer& peer) {
  answer_once(peer);
  server_forgot = true;
  char none = 0;
  ::recv(peer.fd(), &none, 1, 0);  // keeps the connection until the end
}

Secret secret(const Canary& canary) {
  WipingBuffer plain(Canary::kSize);
  canary.write(plain.data());
  return Secret::copy_of(view(plain));
}

TEST(OutboundClientMemory, NothingOfARequestOrItsAnswerStays) {
  MemoryScan scan;
  support::ScriptedServer server(serve);
  CurlClientOptions options;
  options.allow_loopback_http = true;
  CurlClient client(options);
  {
    ClientRequest request;
    request.method = Method::kPost;
    request.url = server.url("/token");
    request.headers.push_back({"Authorization", "Bearer ", secret(kHeader)});
    request.body.resize(Canary::kSize);
    kBody.write(request.body.data());
    EXPECT_EQ(scan.count(kHeader), 1U) << "the scanner finds what is there";
    EXPECT_EQ(scan.count(kBody), 1U);
    const ClientResponse response = client.send(std::move(request));
    ASSERT_EQ(response.body.size(), Canary::kSize);
    while (!server_forgot) std::this_thread::yield();
    EXPECT_TRUE(kAnswer.is_at(response.body.data()));
    EXPECT_EQ(scan.count(kAnswer), 1U);
  }
  EXPECT_EQ(scan.count(kHeader), 0U);
  EXPECT_EQ(scan.count(kBody), 0U);
  EXPECT_EQ(scan.count(kAnswer), 0U);
  EXPECT_EQ(server.connections(), 1U);
}

}  // namespace
}  // namespace countersign::http
