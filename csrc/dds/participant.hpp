// Taking part in a DDS domain on one network interface.
#pragma once

#include <dds/dds.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace amp::dds {

// Throws std::runtime_error with `what` and DDS's reason where `code` is an error.
dds_entity_t checked(dds_entity_t code, const std::string& what);

// The domain's settings, which a process can choose once: the first participant does.
class Domain;

class Participant {
 public:
  // Throws std::runtime_error where the interface is not there or not up, or where this process
  // has joined the domain through another one.
  Participant(std::uint32_t domain, const std::string& interface);
  ~Participant();
  Participant(const Participant&) = delete;
  Participant& operator=(const Participant&) = delete;

  dds_entity_t handle() const { return handle_; }

  // The type names of the publishers of `topic` in other participants.
  std::vector<std::string> publishers(const std::string& topic) const;

 private:
  std::shared_ptr<Domain> domain_;
  dds_entity_t handle_ = 0, publications_ = 0;
};

}  // namespace amp::dds
