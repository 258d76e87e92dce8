#include "amp/unitree/options.hpp"

#include <algorithm>
#include <sstream>
#include <stdexcept>

namespace amp::unitree {
namespace {

constexpr std::uint32_t kMaxDomain = 232;  // the highest that DDS has ports for

[[noreturn]] void fail(const std::string& key, const std::string& expected,
                       const std::string& found) {
  throw std::invalid_argument("robot options: " + key + ": expected " + expected + ", found '" +
                              found + "'");
}

std::uint32_t number(const std::string& key, const std::string& text, std::uint32_t most) {
  const bool digits = !text.empty() && text.size() < 10 &&
                      text.find_first_not_of("0123456789") == std::string::npos;
  const unsigned long value = digits ? std::stoul(text) : 0;
  if (!digits || value > most) {
    fail(key, "a whole number up to " + std::to_string(most), text);
  }
  return static_cast<std::uint32_t>(value);
}

std::vector<std::uint32_t> numbers(const std::string& key, const std::string& text,
                                   std::uint32_t most) {
  std::vector<std::uint32_t> values;
  std::istringstream stream(text);
  for (std::string item; std::getline(stream, item, ',');) {
    values.push_back(number(key, item, most));
  }
  return values;
}

void set_slots(const std::string& text, MotorMap& map) {
  const std::vector<std::uint32_t> slots = numbers("slots", text, runtime::kMaxJoints);
  if (slots.empty() || slots.size() > runtime::kMaxJoints) {
    fail("slots", "one motor for each joint", text);
  }
  map.joints = slots.size();
  std::copy(slots.begin(), slots.end(), map.slot.begin());
}

void set(const std::string& key, const std::string& value, Options& options) {
  if (key == "family") {
    if (value != "go" && value != "hg") {
      fail(key, "go or hg", value);
    }
    options.family = value == "go" ? Family::go : Family::hg;
  } else if (key == "net") {
    if (value.empty() || value.find_first_of("<>&\"'/") != std::string::npos) {
      fail(key, "the name of a network interface", value);
    }
    options.interface = value;
  } else if (key == "domain") {
    options.domain = number(key, value, kMaxDomain);
  } else if (key == "slots") {
    set_slots(value, options.map);
  } else if (key == "mode_machine") {
    for (const std::uint32_t mode : numbers(key, value, 255)) {
      options.mode_machine.push_back(static_cast<std::uint8_t>(mode));
    }
  } else if (key == "dry_run") {
    options.dry_run = number(key, value, 1) != 0;
  } else {
    fail(key, "family, net, domain, slots, mode_machine or dry_run", value);
  }
}

void check(const Options& options) {
  const MotorMap& map = options.map;
  if (options.interface.empty() || map.joints == 0) {
    fail(map.joints == 0 ? "slots" : "net", "a value", "");
  }
  for (std::size_t i = 0; i < map.joints; ++i) {
    const auto end = map.slot.begin() + static_cast<std::ptrdiff_t>(i);
    if (map.slot[i] >= options.motors() || std::find(map.slot.begin(), end, map.slot[i]) != end) {
      fail("slots", "different motors below " + std::to_string(options.motors()),
           std::to_string(map.slot[i]));
    }
  }
}

}  // namespace

Options parse_options(const std::string& text) {
  Options options;
  std::istringstream stream(text);
  for (std::string item; stream >> item;) {
    const std::size_t equals = item.find('=');
    if (equals == std::string::npos) {
      fail(item, "key=value", item);
    }
    set(item.substr(0, equals), item.substr(equals + 1), options);
  }
  check(options);
  return options;
}

}  // namespace amp::unitree
