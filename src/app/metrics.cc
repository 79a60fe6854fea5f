#include "app/metrics.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <array>
#include <atomic>
#include <map>
#include <mutex>
#include <shared_mutex>
#include <tuple>
#include <vector>

namespace countersign::app {
namespace {

constexpr std::array kBounds = {0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 50.0};

// One route, method and status. Plain atomics: an answered request costs one look-up and three additions.
struct Series {
  std::atomic<std::uint64_t> count{0};
  std::atomic<std::uint64_t> nanoseconds{0};
  std::array<std::atomic<std::uint64_t>, kBounds.size() + 1> buckets{};  // the last: above every bound

  void add(std::chrono::nanoseconds took) {
    const double seconds = std::chrono::duration<double>(took).count();
    std::size_t bucket = 0;
    while (bucket < kBounds.size() && seconds > kBounds[bucket]) ++bucket;
    count.fetch_add(1, std::memory_order_relaxed);
    nanoseconds.fetch_add(static_cast<std::uint64_t>(took.count()), std::memory_order_relaxed);
    buckets[bucket].fetch_add(1, std::memory_order_relaxed);
  }
};

// Patterns and method names live as long as the router: views are enough, and nothing is copied per request.
using Key = std::tuple<std::string_view, http::Method, int>;

std::vector<prometheus::ClientMetric::Label> labels_of(const Key& key) {
  const auto& [pattern, method, status] = key;
  return {{"route", pattern.empty() ? "unmatched" : std::string(pattern)},
          {"method", std::string(http::name(method))},
          {"code", std::to_string(status)}};
}

prometheus::ClientMetric count_of(const Key& key, const Series& series) {
  prometheus::ClientMetric metric;
  metric.label = labels_of(key);
  metric.counter.value = static_cast<double>(series.count.load(std::memory_order_relaxed));
  return metric;
}

prometheus::ClientMetric duration_of(const Key& key, const Series& series) {
  prometheus::ClientMetric metric;
  metric.label = labels_of(key);
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < kBounds.size(); ++i) {
    below += series.buckets[i].load(std::memory_order_relaxed);
    metric.histogram.bucket.push_back({below, kBounds[i]});
  }
  metric.histogram.sample_count = below + series.buckets.back().load(std::memory_order_relaxed);
  metric.histogram.sample_sum = static_cast<double>(series.nanoseconds.load(std::memory_order_relaxed)) / 1e9;
  return metric;
}

}  // namespace

class Metrics::Impl {
 public:
  explicit Impl(std::string_view version) : version_(version) {}

  struct Read {
    std::string name;
    std::string help;
    prometheus::MetricType type;
    std::function<double()> value;
  };
  struct ReadCounts {
    std::string name;
    std::string help;
    std::string label;
    std::function<Counts()> values;
  };

  Series& series(const Key& key) {
    {
      const std::shared_lock lock(series_mutex_);
      if (const auto found = series_.find(key); found != series_.end()) return found->second;
    }
    const std::unique_lock lock(series_mutex_);
    return series_[key];
  }

  void collect_requests(std::vector<prometheus::MetricFamily>& families) const {
    prometheus::MetricFamily requests{"countersign_http_requests_total",
                                      "Answered requests by route pattern, method and status.",
                                      prometheus::MetricType::Counter,
                                      {}};
    prometheus::MetricFamily seconds{"countersign_http_request_duration_seconds",
                                     "From the complete request to its answer; held polls count their whole wait.",
                                     prometheus::MetricType::Histogram,
                                     {}};
    const std::shared_lock lock(series_mutex_);
    for (const auto& [key, series] : series_) {
      requests.metric.push_back(count_of(key, series));
      seconds.metric.push_back(duration_of(key, series));
    }
    families.push_back(std::move(requests));
    families.push_back(std::move(seconds));
  }

  prometheus::MetricFamily build_info() const {
    prometheus::ClientMetric metric;
    metric.label = {{"version", version_}};
    metric.gauge.value = 1;
    return {"countersign_build_info", "Always 1; the version is the label.", prometheus::MetricType::Gauge, {metric}};
  }

  const std::string version_;
  mutable std::shared_mutex series_mutex_;
  std::map<Key, Series> series_;  // nodes never move: a reference to one stays good
  std::mutex reads_mutex_;
  std::vector<Read> reads_;
  std::vector<ReadCounts> read_counts_;
};

Metrics::Metrics(std::string_view version) : impl_(std::make_unique<Impl>(version)) {}

Metrics::~Metrics() = default;

void Metrics::answered(const http::Answered& answered) {
  impl_->series({answered.pattern, answered.method, answered.status}).add(answered.took);
}

void Metrics::gauge(const std::string& name, const std::string& help, std::function<double()> read) {
  const std::lock_guard lock(impl_->reads_mutex_);
  impl_->reads_.push_back({name, help, prometheus::MetricType::Gauge, std::move(read)});
}

void Metrics::count(const std::string& name, const std::string& help, std::function<double()> read) {
  const std::lock_guard lock(impl_->reads_mutex_);
  impl_->reads_.push_back({name, help, prometheus::MetricType::Counter, std::move(read)});
}

void Metrics::counts(const std::string& name, const std::string& help, const std::string& label,
                     std::function<Counts()> read) {
  const std::lock_guard lock(impl_->reads_mutex_);
  impl_->read_counts_.push_back({name, help, label, std::move(read)});
}

std::string Metrics::text() const {
  std::vector<prometheus::MetricFamily> families{impl_->build_info()};
  impl_->collect_requests(families);
  const std::lock_guard lock(impl_->reads_mutex_);
  for (const Impl::Read& read : impl_->reads_) {
    prometheus::ClientMetric metric;
    if (read.type == prometheus::MetricType::Gauge) {
      metric.gauge.value = read.value();
    } else {
      metric.counter.value = read.value();
    }
    families.push_back({read.name, read.help, read.type, {metric}});
  }
  for (const Impl::ReadCounts& read : impl_->read_counts_) {
    prometheus::MetricFamily family{read.name, read.help, prometheus::MetricType::Counter, {}};
    for (const auto& [word, number] : read.values()) {
      prometheus::ClientMetric& metric = family.metric.emplace_back();
      metric.label = {{read.label, word}};
      metric.counter.value = static_cast<double>(number);
    }
    families.push_back(std::move(family));
  }
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace countersign::app
