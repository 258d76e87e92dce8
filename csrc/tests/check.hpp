// The few lines that the unit tests need instead of a framework.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <vector>

#include "amp/kernels.hpp"

// Ends the test with the place and the condition when it does not hold.
#define CHECK(condition)                                                                 \
  do {                                                                                   \
    if (!(condition)) {                                                                  \
      std::fprintf(stderr, "%s:%d: %s does not hold\n", __FILE__, __LINE__, #condition); \
      std::exit(1);                                                                      \
    }                                                                                    \
  } while (false)

namespace amp::test {

// Standard normal numbers, the same in every run.
class Random {
 public:
  std::vector<float> normal(std::size_t count) {
    std::vector<float> values(count);
    for (float& value : values) {
      value = distribution_(engine_);
    }
    return values;
  }

  std::vector<float> quaternions(std::size_t count) {
    std::vector<float> values = normal(4 * count);
    for (std::size_t i = 0; i < count; ++i) {
      float squared = 0.0F;
      for (std::size_t j = 0; j < 4; ++j) {
        squared += values[4 * i + j] * values[4 * i + j];
      }
      for (std::size_t j = 0; j < 4; ++j) {
        values[4 * i + j] /= std::sqrt(squared);
      }
    }
    return values;
  }

  std::vector<unsigned char> flags(std::size_t count, double share) {
    std::vector<unsigned char> values(count);
    std::bernoulli_distribution coin(share);
    for (unsigned char& value : values) {
      value = coin(engine_) ? 1 : 0;
    }
    return values;
  }

 private:
  std::mt19937 engine_{1};
  std::normal_distribution<float> distribution_;
};

template <class T>
Span<const T> in(const std::vector<T>& values) {
  return {values.data(), values.size()};
}

template <class T>
Span<T> out(std::vector<T>& values) {
  return {values.data(), values.size()};
}

inline Flags flags(const std::vector<unsigned char>& values) {
  return {values.data(), values.size(), Flags::Type::byte};
}

inline bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

// The largest difference, relative to the largest value of `reference`.
inline double difference(const std::vector<float>& values, const std::vector<double>& reference) {
  double largest = 1e-30, worst = 0.0;
  for (std::size_t i = 0; i < reference.size(); ++i) {
    CHECK(!std::isnan(values[i]));
    largest = std::max(largest, std::fabs(reference[i]));
    worst = std::max(worst, std::fabs(values[i] - reference[i]));
  }
  return worst / largest;
}

}  // namespace amp::test
