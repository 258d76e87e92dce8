// The driver of the loop for Go2 and G1.
#pragma once

#include <memory>

#include "amp/runtime/driver.hpp"
#include "amp/unitree/options.hpp"

namespace amp::dds {

// States are received and checked in a thread of DDS; commands are published from the loop's
// thread, where DDS takes uncontended locks and its writer keeps one message.
//
// Nothing is sent in a dry run, before the robot's first state where it has variants (G1), and to
// another variant than the contract's. Throws std::runtime_error where DDS cannot start.
std::unique_ptr<runtime::Driver> make_driver(const unitree::Options& options);

}  // namespace amp::dds
