// Measurements of the wire: `python -m amp_sdk.bench dds`.
#pragma once

#include <vector>

#include "amp/unitree/options.hpp"

namespace amp::dds {

// Answers until `stop_ns`, in a process of its own. Bare: a state for every command, untouched.
// Otherwise: what a simulated robot does, check of the command and a sealed state.
void answer(const unitree::Options& options, bool bare, std::int64_t stop_ns);

// Times in seconds from writing a command to having a state that was sent because of it; bare, or
// through the loop's driver (conversion, check sums, channels). Answers lost are left out.
std::vector<double> round_trips(const unitree::Options& options, bool bare, std::size_t rounds);

// Times in seconds of one Driver::write: conversion, check sum, serialising, publishing.
std::vector<double> writes(const unitree::Options& options, std::size_t rounds);

}  // namespace amp::dds
