// CRC-32 of zlib and Ethernet (polynomial 0x04C11DB7, reflected), so that any reader can check it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace amp::runtime {

namespace detail {

constexpr std::array<std::uint32_t, 256> crc32_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) {
      value = (value >> 1) ^ ((value & 1) != 0 ? 0xEDB88320U : 0U);
    }
    table[i] = value;
  }
  return table;
}

inline constexpr std::array<std::uint32_t, 256> kCrc32Table = crc32_table();

}  // namespace detail

inline std::uint32_t crc32(const void* data, std::size_t size) {
  const auto* bytes = static_cast<const unsigned char*>(data);
  std::uint32_t value = 0xFFFFFFFFU;
  for (std::size_t i = 0; i < size; ++i) {
    value = (value >> 8) ^ detail::kCrc32Table[(value ^ bytes[i]) & 0xFF];
  }
  return ~value;
}

}  // namespace amp::runtime
