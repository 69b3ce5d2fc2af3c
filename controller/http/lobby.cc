#include "controller/http/lobby.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

#include "controller/http/problem.h"

// A connection's life: kHead until the empty line has arrived, kBody until Content-Length bytes
// have, then its request goes to a worker and the connection leaves; the worker gives it back by
// Admit (kept alive) or Drain (to be closed). A refusal goes straight to kDrain.
//
// One thread owns `waiting_` and every connection in it, so that nothing here needs a lock; other
// threads only leave connections in `arrivals_` and set the wake event. epoll is level-triggered:
// what one read leaves in the socket is reported again, so one read per event is enough, and a
// peer that sends without end cannot starve the others.

namespace portolan::controller {
namespace {

constexpr std::size_t kReadBytes = 64 * 1024;
// A peer that goes on sending past these is not going to read its answer.
constexpr std::size_t kDrainBytesMax = 4 << 20;
constexpr std::chrono::seconds kDrainTime(1);

MonotonicTime SteadyNow() {
  return std::chrono::steady_clock::now();
}

int OpenEpoll() {
  const int fd = ::epoll_create1(EPOLL_CLOEXEC);
  if (fd < 0) throw std::system_error(errno, std::generic_category(), "epoll_create1");
  return fd;
}

// ADD can fail for want of kernel memory or past max_user_watches (epoll(7)). The connection is
// then never found readable, and goes at its deadline.
void Watch(int epoll, int fd) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd;
  ::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

const Refusal& Busy() {
  static const Refusal busy{503, "unavailable", "the server is busy; try again"};
  return busy;
}

}  // namespace

std::string RefusalBytes(const Refusal& refusal) {
  Response response = ProblemResponse(refusal.status, refusal.code, refusal.detail);
  AddSecurityHeaders(response);
  if (refusal.status == 503) response.SetHeader("Retry-After", "1");
  return WriteHead(response, response.body.size(), true) + response.body;
}

Lobby::Lobby(Options options, Receiver receiver)
    : options_(std::move(options)), receiver_(std::move(receiver)), epoll_(OpenEpoll()) {
  Watch(epoll_, wake_.fd());
}

Lobby::~Lobby() {
  ::close(epoll_);
}

// Bytes that are here already are the beginning of a pipelined request: its deadline runs.
void Lobby::Admit(ConnectionPtr connection) {
  connection->phase = Connection::Phase::kHead;
  connection->deadline =
      SteadyNow() + (connection->input.empty() ? options_.idle_timeout : options_.header_deadline);
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    arrivals_.push_back(std::move(connection));
  }
  wake_.Set();
}

void Lobby::Drain(ConnectionPtr connection) {
  StartDrain(*connection);
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    arrivals_.push_back(std::move(connection));
  }
  wake_.Set();
}

void Lobby::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.Set();
}

void Lobby::Run() {
  std::array<epoll_event, 64> events{};
  while (!stopping_) {
    const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()),
                                   MillisecondsToNextDeadline());
    for (int i = 0; i < count; ++i) {
      const int fd = events[static_cast<std::size_t>(i)].data.fd;
      if (fd == wake_.fd()) continue;
      const auto found = waiting_.find(fd);
      if (found != waiting_.end() && !OnReadable(found->second)) Forget(fd);
    }
    TakeArrivals();
    ExpireOverdue();
  }
  waiting_.clear();
  const std::lock_guard lock(mutex_);
  arrivals_.clear();
}

// Cleared under the lock: whoever adds an arrival after this sets the event again.
void Lobby::TakeArrivals() {
  std::vector<ConnectionPtr> arrivals;
  {
    const std::lock_guard lock(mutex_);
    wake_.Clear();
    arrivals.swap(arrivals_);
  }
  for (ConnectionPtr& connection : arrivals) Enter(std::move(connection));
}

void Lobby::Enter(ConnectionPtr connection) {
  const int fd = connection->fd;
  // A connection that was answered before comes in whatever their number: it was counted when new.
  const bool fresh = connection->served == 0 && connection->phase != Connection::Phase::kDrain;
  if (fresh && waiting_.size() >= options_.connections_max) {
    // A refusal holds its descriptor for the time of a drain: past twice the limit not even that.
    if (waiting_.size() >= 2 * options_.connections_max) return;
    Refuse(*connection, Busy());
  }
  Watch(epoll_, fd);
  ConnectionPtr& held = waiting_[fd] = std::move(connection);
  if (!held->input.empty() && !Advance(held)) Forget(fd);
}

bool Lobby::OnReadable(ConnectionPtr& connection) {
  static thread_local std::array<char, kReadBytes> buffer;
  const ssize_t got = ::recv(connection->fd, buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (got < 0) return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
  if (got == 0) return false;
  const auto size = static_cast<std::size_t>(got);
  if (connection->phase == Connection::Phase::kDrain) {
    connection->drained += size;
    return connection->drained <= kDrainBytesMax;
  }
  if (connection->input.empty()) connection->deadline = SteadyNow() + options_.header_deadline;
  connection->input.append(buffer.data(), size);
  return Advance(connection);
}

bool Lobby::Advance(ConnectionPtr& connection) {
  Connection& c = *connection;
  if (c.phase == Connection::Phase::kHead) {
    const auto end = FindHeadEnd(c.input, options_.limits);
    if (const auto* refusal = std::get_if<Refusal>(&end)) return Refuse(c, *refusal);
    if (std::holds_alternative<std::nullopt_t>(end)) return true;
    c.head_size = std::get<std::size_t>(end);
    auto head = ParseHead(std::string_view(c.input).substr(0, c.head_size), options_.limits);
    if (const auto* refusal = std::get_if<Refusal>(&head)) return Refuse(c, *refusal);
    c.head = std::get<MessageHead>(std::move(head));
    c.phase = Connection::Phase::kBody;
    c.deadline = SteadyNow() + options_.body_deadline;
    // Not when a part of the body is here: that client does not wait (RFC 9110 section 10.1.1).
    if (c.head.expect_continue && c.input.size() == c.head_size && c.head.content_length > 0) {
      SendNow(c.fd, "HTTP/1.1 100 Continue\r\n\r\n");
    }
  }
  return c.input.size() < c.head_size + c.head.content_length || Deliver(connection);
}

// Out of epoll first: from the hand-over on the worker may close the descriptor at any time, and
// accept(2) may give its number to another connection, which must not meet an old registration.
bool Lobby::Deliver(ConnectionPtr& connection) {
  Connection& c = *connection;
  Request request;
  request.method = c.head.method;
  request.target = c.head.target;
  request.headers = std::move(c.head.headers);
  request.body = c.input.substr(c.head_size, c.head.content_length);
  request.peer = c.peer;
  c.input.erase(0, c.head_size + c.head.content_length);
  // An idle connection does not keep the memory of its largest request.
  if (c.input.empty()) c.input.shrink_to_fit();
  ::epoll_ctl(epoll_, EPOLL_CTL_DEL, c.fd, nullptr);
  if (receiver_(connection, request)) return false;
  Watch(epoll_, c.fd);
  return Refuse(c, Busy());
}

// As much as the socket takes at once: waiting for one peer would stop all of them.
bool Lobby::Refuse(Connection& connection, const Refusal& refusal) {
  SendNow(connection.fd, RefusalBytes(refusal));
  StartDrain(connection);
  return true;
}

void Lobby::StartDrain(Connection& connection) {
  connection.phase = Connection::Phase::kDrain;
  connection.deadline = SteadyNow() + kDrainTime;
  connection.input = std::string();
  ::shutdown(connection.fd, SHUT_WR);
}

// A peer that has said nothing is closed without a 408: it could cross with a request that is on
// its way, and would be taken for its answer. O(connections), which are a few hundred.
void Lobby::ExpireOverdue() {
  const MonotonicTime now = SteadyNow();
  std::vector<int> finished;
  for (auto& [fd, connection] : waiting_) {
    if (connection->deadline > now) continue;
    const bool silent =
        connection->phase == Connection::Phase::kDrain ||
        (connection->phase == Connection::Phase::kHead && connection->input.empty());
    if (silent) {
      finished.push_back(fd);
    } else {
      Refuse(*connection, {408, "timeout", "the request did not arrive in time"});
    }
  }
  for (int fd : finished) Forget(fd);
}

// A delivered connection has left its slot empty.
void Lobby::Forget(int fd) {
  waiting_.erase(fd);
}

int Lobby::MillisecondsToNextDeadline() const {
  if (waiting_.empty()) return -1;
  MonotonicTime next = MonotonicTime::max();
  for (const auto& [fd, connection] : waiting_) next = std::min(next, connection->deadline);
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - SteadyNow());
  return static_cast<int>(std::clamp<long>(left.count(), 0, 60'000));
}

}  // namespace portolan::controller
