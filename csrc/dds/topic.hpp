// Readers and writers of Unitree's low-level topics.
#pragma once

#include <cstring>
#include <memory>

#include "amp/runtime/clock.hpp"
#include "amp/unitree/messages.hpp"
#include "participant.hpp"

namespace amp::dds {

constexpr const char* kCommandTopic = "rt/lowcmd";
constexpr const char* kStateTopic = "rt/lowstate";

// The two kinds of robot: their messages.
struct Go {
  using Command = unitree::go::LowCmd;
  using State = unitree::go::LowState;
};
struct Hg {
  using Command = unitree::hg::LowCmd;
  using State = unitree::hg::LowState;
};

// The descriptor of a message's type, of the same layout as the message (layout.cpp).
template <class Message>
const dds_topic_descriptor_t* descriptor();

// Quality of service is everywhere DDS's default, which is what Unitree uses.
template <class Message>
class Writer {
 public:
  Writer(const Participant& participant, const char* topic) {
    topic_ = checked(
        dds_create_topic(participant.handle(), descriptor<Message>(), topic, nullptr, nullptr),
        std::string("no topic ") + topic);
    writer_ = checked(dds_create_writer(participant.handle(), topic_, nullptr, nullptr),
                      std::string("no writer of ") + topic);
  }
  ~Writer() {
    dds_delete(writer_);
    dds_delete(topic_);
  }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  bool write(const Message& message) { return dds_write(writer_, &message) == DDS_RETCODE_OK; }

 private:
  dds_entity_t topic_ = 0, writer_ = 0;
};

// Who gets messages, in a thread of DDS.
template <class Message>
class Receiver {
 public:
  virtual ~Receiver() = default;
  // `writer` tells apart who sent it.
  virtual void received(const Message& message, std::int64_t time_ns, std::uint64_t writer) = 0;
};

template <class Message>
class Reader {
 public:
  // `receiver` must outlive the reader. Messages of the same participant are left out.
  Reader(const Participant& participant, const char* topic, Receiver<Message>& receiver)
      : receiver_(receiver) {
    topic_ = checked(
        dds_create_topic(participant.handle(), descriptor<Message>(), topic, nullptr, nullptr),
        std::string("no topic ") + topic);
    dds_qos_t* qos = dds_create_qos();
    dds_qset_ignorelocal(qos, DDS_IGNORELOCAL_PARTICIPANT);
    dds_listener_t* listener = dds_create_listener(this);
    dds_lset_data_available(listener, &Reader::available);
    reader_ = dds_create_reader(participant.handle(), topic_, qos, listener);
    dds_delete_listener(listener);
    dds_delete_qos(qos);
    checked(reader_, std::string("no reader of ") + topic);
  }
  ~Reader() {
    dds_delete(reader_);  // waits until no callback runs
    dds_delete(topic_);
  }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

 private:
  static void available(dds_entity_t reader, void* self) {
    static_cast<Reader*>(self)->take(reader);
  }

  void take(dds_entity_t reader) {
    const std::int64_t time_ns = runtime::now_ns();
    void* samples[1] = {&message_};  // its padding stays zero, as the CRC needs it
    dds_sample_info_t info;
    while (dds_take(reader, samples, &info, 1, 1) == 1) {
      if (info.valid_data) {
        receiver_.received(message_, time_ns, info.publication_handle);
      }
    }
  }

  Receiver<Message>& receiver_;
  Message message_{};
  dds_entity_t topic_ = 0, reader_ = 0;
};

}  // namespace amp::dds
