#include "participant.hpp"

#include <dds/ddsrt/log.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstring>
#include <map>
#include <mutex>
#include <stdexcept>

namespace amp::dds {
namespace {

// The flags of an interface; 0 where there is none of that name.
short interface_flags(const std::string& name) {
  ifreq request{};
  std::strncpy(request.ifr_name, name.c_str(), sizeof(request.ifr_name) - 1);
  const int socket_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const bool found = socket_fd >= 0 && ioctl(socket_fd, SIOCGIFFLAGS, &request) == 0;
  if (socket_fd >= 0) {
    close(socket_fd);
  }
  return found ? request.ifr_flags : short{0};
}

short usable_flags(const std::string& name) {
  if (if_nametoindex(name.c_str()) == 0) {
    throw std::runtime_error("no network interface is called '" + name +
                             "'; see which there are: ip -br addr");
  }
  const short flags = interface_flags(name);
  if ((flags & IFF_UP) == 0) {
    throw std::runtime_error("the network interface '" + name + "' is down; bring it up: ip link " +
                             "set " + name + " up");
  }
  return flags;
}

// DDS complains about every foreign message that it cannot read, in the thread that receives them.
// The first complaints tell everything; the rest would fill the pipe of who started this process.
void complain(void*, const dds_log_data_t* line) {
  static std::atomic<int> left{20};
  if (left.fetch_sub(1) > 0) {
    std::fprintf(stderr, "dds: %s", line->message);
  } else {
    left.store(0);
  }
}

// Without multicast, which a bare `lo` has not, participants of this machine find each other at
// numbered ports.
std::string settings(const std::string& interface) {
  const bool multicast = (usable_flags(interface) & IFF_MULTICAST) != 0;
  std::string xml = "<General><Interfaces><NetworkInterface name=\"" + interface +
                    "\"/></Interfaces><AllowMulticast>" + (multicast ? "true" : "false") +
                    "</AllowMulticast></General>";
  if (!multicast) {
    xml +=
        "<Discovery><ParticipantIndex>auto</ParticipantIndex><MaxAutoParticipantIndex>30"
        "</MaxAutoParticipantIndex><Peers><Peer address=\"127.0.0.1\"/></Peers></Discovery>";
  }
  return xml;
}

}  // namespace

dds_entity_t checked(dds_entity_t code, const std::string& what) {
  if (code < 0) {
    throw std::runtime_error(what + ": " + dds_strretcode(code));
  }
  return code;
}

class Domain {
 public:
  Domain(std::uint32_t id, std::string interface)
      : interface_(std::move(interface)),
        handle_(
            checked(dds_create_domain(id, settings(interface_).c_str()),
                    "cannot join DDS domain " + std::to_string(id) + " on '" + interface_ + "'")) {}
  // DDS wakes its receiving thread by a message to itself, for which it would wait for ever where
  // the interface went down: then it is left to the end of the process.
  ~Domain() {
    if ((interface_flags(interface_) & IFF_UP) != 0) {
      dds_delete(handle_);
    }
  }
  Domain(const Domain&) = delete;
  Domain& operator=(const Domain&) = delete;
  const std::string& interface() const { return interface_; }

  static std::shared_ptr<Domain> get(std::uint32_t id, const std::string& interface) {
    static std::mutex mutex;
    static std::map<std::uint32_t, std::weak_ptr<Domain>> domains;
    const std::lock_guard<std::mutex> lock(mutex);
    std::shared_ptr<Domain> domain = domains[id].lock();
    if (domain == nullptr) {
      dds_set_log_sink(complain, nullptr);
      domain = std::make_shared<Domain>(id, interface);
      domains[id] = domain;
    } else if (domain->interface() != interface) {
      throw std::runtime_error("this process has joined DDS domain " + std::to_string(id) +
                               " through '" + domain->interface() + "', not '" + interface + "'");
    }
    return domain;
  }

 private:
  std::string interface_;
  dds_entity_t handle_;
};

Participant::Participant(std::uint32_t domain, const std::string& interface)
    : domain_(Domain::get(domain, interface)) {
  handle_ = checked(dds_create_participant(domain, nullptr, nullptr), "no DDS participant");
  publications_ = dds_create_reader(handle_, DDS_BUILTIN_TOPIC_DCPSPUBLICATION, nullptr, nullptr);
}

Participant::~Participant() { dds_delete(handle_); }

std::vector<std::string> Participant::publishers(const std::string& topic) const {
  constexpr std::size_t kMost = 256;
  std::vector<std::string> found;
  void* samples[kMost] = {};
  std::vector<dds_sample_info_t> infos(kMost);
  dds_guid_t own{};
  dds_get_guid(handle_, &own);
  const dds_return_t count = dds_read(publications_, samples, infos.data(), kMost, kMost);
  for (dds_return_t i = 0; i < count; ++i) {
    const auto* endpoint = static_cast<const dds_builtintopic_endpoint_t*>(samples[i]);
    const bool alive =
        infos[static_cast<std::size_t>(i)].instance_state == DDS_ALIVE_INSTANCE_STATE;
    const bool ours = std::memcmp(&endpoint->participant_key, &own, sizeof(own)) == 0;
    if (alive && !ours && endpoint->topic_name != nullptr && topic == endpoint->topic_name) {
      found.emplace_back(endpoint->type_name == nullptr ? "?" : endpoint->type_name);
    }
  }
  if (count > 0) {
    dds_return_loan(publications_, samples, count);
  }
  return found;
}

}  // namespace amp::dds
