#include "oauth/tokens_flights.h"

#include "base/error.h"

namespace countersign::oauth {

// Ends the flight however the work ends.
class Flights::Landing {
 public:
  Landing(Flights& flights, Key key, std::shared_ptr<Flight> flight)
      : flights_(flights), key_(key), flight_(std::move(flight)) {}
  Landing(const Landing&) = delete;
  Landing& operator=(const Landing&) = delete;
  ~Landing() {
    {
      const std::lock_guard lock(flights_.mutex_);
      flights_.flights_.erase(key_);
      flight_->over = true;
      flight_->result = std::move(result);
    }
    flight_->changed.notify_all();
  }

  std::optional<RefreshResult> result;

 private:
  Flights& flights_;
  const Key key_;
  const std::shared_ptr<Flight> flight_;
};

Flights::Landed Flights::join(WorkspaceId workspace, ConnectionId connection,
                              const std::function<RefreshResult()>& work) {
  const Key key{workspace, connection};
  std::unique_lock lock(mutex_);
  std::shared_ptr<Flight>& slot = flights_[key];
  if (slot) {
    const std::shared_ptr<Flight> flight = slot;
    flight->changed.wait(lock, [&] { return flight->over; });
    if (flight->result) return {*flight->result, false};
    throw Error(ErrorCode::kUnavailable, "refresh_failed",
                "The access token of this connection could not be renewed. Try again.")
        .retry_after(std::chrono::seconds(1));
  }
  slot = std::make_shared<Flight>();
  Landing landing(*this, key, slot);
  lock.unlock();
  landing.result = work();
  return {*landing.result, true};
}

bool Flights::is_under_way(WorkspaceId workspace, ConnectionId connection) const {
  const std::lock_guard lock(mutex_);
  return flights_.contains({workspace, connection});
}

}  // namespace countersign::oauth
