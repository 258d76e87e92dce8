// The check sum of Unitree's messages: CRC-32/MPEG-2 (polynomial 04C11DB7, initial value FFFFFFFF,
// nothing reflected or inverted) over little-endian 32-bit words, most significant bit first.
#pragma once

#include <cstddef>
#include <cstdint>

namespace amp::unitree {

std::uint32_t crc32_words(const void* data, std::size_t words);

// Of a message whose last field is its `crc`: everything before that field.
template <class Message>
std::uint32_t message_crc(const Message& message) {
  static_assert(sizeof(Message) % 4 == 0);
  static_assert(offsetof(Message, crc) == sizeof(Message) - 4);
  return crc32_words(&message, sizeof(Message) / 4 - 1);
}

template <class Message>
void seal(Message& message) {
  message.crc = message_crc(message);
}

template <class Message>
bool is_sealed(const Message& message) {
  return message.crc == message_crc(message);
}

}  // namespace amp::unitree
