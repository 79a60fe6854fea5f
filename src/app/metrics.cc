#include "app/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <mutex>
#include <vector>

namespace countersign::app {

class Metrics::Impl {
 public:
  explicit Impl(std::string_view version)
      : requests_(prometheus::BuildCounter()
                      .Name("countersign_http_requests_total")
                      .Help("Answered requests by route pattern, method and status.")
                      .Register(registry_)),
        seconds_(prometheus::BuildHistogram()
                     .Name("countersign_http_request_duration_seconds")
                     .Help("From the complete request to its answer; held polls count their whole wait.")
                     .Register(registry_)),
        events_(prometheus::BuildCounter()
                    .Name("countersign_audit_events_total")
                    .Help("Committed audit events by action.")
                    .Register(registry_)) {
    prometheus::BuildGauge()
        .Name("countersign_build_info")
        .Help("Always 1; the version is the label.")
        .Register(registry_)
        .Add({{"version", std::string(version)}})
        .Set(1);
  }

  struct Read {
    std::string name;
    std::string help;
    prometheus::MetricType type;
    std::function<double()> value;
  };

  prometheus::Registry registry_;
  prometheus::Family<prometheus::Counter>& requests_;
  prometheus::Family<prometheus::Histogram>& seconds_;
  prometheus::Family<prometheus::Counter>& events_;
  std::mutex mutex_;
  std::vector<Read> reads_;
};

Metrics::Metrics(std::string_view version) : impl_(std::make_unique<Impl>(version)) {}
Metrics::~Metrics() = default;

void Metrics::answered(const http::Answered& answered) {
  static const prometheus::Histogram::BucketBoundaries kBuckets = {0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 50};
  const std::string pattern(answered.pattern.empty() ? "unmatched" : answered.pattern);
  impl_->requests_
      .Add({{"route", pattern},
            {"method", std::string(http::name(answered.method))},
            {"code", std::to_string(answered.status)}})
      .Increment();
  impl_->seconds_.Add({{"route", pattern}}, kBuckets).Observe(std::chrono::duration<double>(answered.took).count());
}

void Metrics::gauge(const std::string& name, const std::string& help, std::function<double()> read) {
  const std::lock_guard lock(impl_->mutex_);
  impl_->reads_.push_back({name, help, prometheus::MetricType::Gauge, std::move(read)});
}

void Metrics::count(const std::string& name, const std::string& help, std::function<double()> read) {
  const std::lock_guard lock(impl_->mutex_);
  impl_->reads_.push_back({name, help, prometheus::MetricType::Counter, std::move(read)});
}

void Metrics::audit_event(std::string_view action) { impl_->events_.Add({{"action", std::string(action)}}).Increment(); }

std::string Metrics::text() const {
  auto families = impl_->registry_.Collect();
  const std::lock_guard lock(impl_->mutex_);
  for (const Impl::Read& read : impl_->reads_) {
    prometheus::ClientMetric metric;
    if (read.type == prometheus::MetricType::Gauge) {
      metric.gauge.value = read.value();
    } else {
      metric.counter.value = read.value();
    }
    families.push_back({read.name, read.help, read.type, {metric}});
  }
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace countersign::app
