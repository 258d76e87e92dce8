#include "amp/unitree/crc.hpp"

#include <array>

namespace amp::unitree {
namespace {

constexpr std::uint32_t kPolynomial = 0x04C11DB7;
constexpr std::size_t kSlices = 16;  // bytes in one step

using Table = std::array<std::uint32_t, 256>;

// Table k is what a byte contributes when k more bytes follow it.
constexpr std::array<Table, kSlices> make_tables() {
  std::array<Table, kSlices> tables{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t crc = byte << 24U;
    for (int bit = 0; bit < 8; ++bit) {
      crc = (crc << 1U) ^ ((crc >> 31U) != 0 ? kPolynomial : 0U);
    }
    tables[0][byte] = crc;
  }
  for (std::size_t k = 1; k < kSlices; ++k) {
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const std::uint32_t shorter = tables[k - 1][byte];
      tables[k][byte] = (shorter << 8U) ^ tables[0][shorter >> 24U];
    }
  }
  return tables;
}

constexpr std::array<Table, kSlices> kTables = make_tables();

// What the four bytes of `word` contribute when `after` more bytes follow them.
std::uint32_t slice(std::uint32_t word, std::size_t after) {
  return kTables[after + 3][word >> 24U] ^ kTables[after + 2][word >> 16U & 0xFFU] ^
         kTables[after + 1][word >> 8U & 0xFFU] ^ kTables[after][word & 0xFFU];
}

std::uint32_t load(const unsigned char* bytes) {
  return static_cast<std::uint32_t>(bytes[0]) | static_cast<std::uint32_t>(bytes[1]) << 8U |
         static_cast<std::uint32_t>(bytes[2]) << 16U | static_cast<std::uint32_t>(bytes[3]) << 24U;
}

}  // namespace

std::uint32_t crc32_words(const void* data, std::size_t words) {
  const auto* bytes = static_cast<const unsigned char*>(data);
  std::uint32_t crc = 0xFFFFFFFFU;
  for (; words >= 4; words -= 4, bytes += 16) {
    crc = slice(crc ^ load(bytes), 12) ^ slice(load(bytes + 4), 8) ^ slice(load(bytes + 8), 4) ^
          slice(load(bytes + 12), 0);
  }
  for (; words > 0; --words, bytes += 4) {
    crc = slice(crc ^ load(bytes), 0);
  }
  return crc;
}

}  // namespace amp::unitree
