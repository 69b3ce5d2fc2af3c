#include "controller/cli/http_transport.h"

#include "controller/cli/daemon_client.h"
#include "controller/http/client.h"

namespace portolan::controller {
namespace {

class HttpTransport final : public Transport {
 public:
  explicit HttpTransport(HttpClient::Options options) : client_(std::move(options)) {}

  Result<TransportResponse> Do(const TransportRequest& request) override {
    HttpClient::Call call;
    call.method = request.method;
    call.target = request.target;
    call.body = request.body;
    call.deadline = request.deadline;
    for (const auto& [name, value] : request.headers) call.headers.push_back({name, value});
    PORTOLAN_TRY(ClientResponse response, client_.Do(call));
    return TransportResponse{response.status, std::move(response.body)};
  }

  Status Stream(const TransportRequest& request,
                const std::function<bool(std::string_view)>& on_line) override {
    HeaderList headers;
    for (const auto& [name, value] : request.headers) headers.push_back({name, value});
    return client_.Stream(request.target, headers, on_line);
  }

 private:
  HttpClient client_;
};

}  // namespace

Result<std::unique_ptr<Transport>> ConnectHttp(const ServerAddress& address) {
  HttpClient::Options options;
  PORTOLAN_TRY(options.endpoint, ParseEndpoint(address.server));
  options.token = address.token;
  options.body_bytes_max = kAnswerBytesMax;
  return std::unique_ptr<Transport>(std::make_unique<HttpTransport>(std::move(options)));
}

}  // namespace portolan::controller
