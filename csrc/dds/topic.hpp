// Readers and writers of Unitree's low-level topics.
#pragma once

#include <dds/ddsi/ddsi_serdata.h>

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

// The bytes of a message on the wire: CDR, which pads less than C.
template <class Message>
constexpr std::size_t kWireSize = 0;
template <>
constexpr std::size_t kWireSize<unitree::go::LowCmd> = 808;
template <>
constexpr std::size_t kWireSize<unitree::go::LowState> = 1176;
template <>
constexpr std::size_t kWireSize<unitree::hg::LowCmd> = 1000;
template <>
constexpr std::size_t kWireSize<unitree::hg::LowState> = 2088;

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
    ddsi_serdata* data = nullptr;
    dds_sample_info_t info;
    while (dds_takecdr(reader, &data, 1, &info, DDS_ANY_STATE) == 1) {
      // the padding of message_ stays zero, as the CRC needs it
      if (info.valid_data && fits(data) &&
          ddsi_serdata_to_sample(data, &message_, nullptr, nullptr)) {
        receiver_.received(message_, time_ns, info.publication_handle);
      }
      ddsi_serdata_unref(data);
    }
  }

  // Another type of the same name may be longer, and would be read in part. In front of the message
  // four bytes say how it is encoded; behind it may be padding to whole words.
  static bool fits(const ddsi_serdata* data) {
    const std::size_t size = ddsi_serdata_size(data);
    return size >= kWireSize<Message> + 4 && size < kWireSize<Message> + 8;
  }

  Receiver<Message>& receiver_;
  Message message_{};
  dds_entity_t topic_ = 0, reader_ = 0;
};

}  // namespace amp::dds
