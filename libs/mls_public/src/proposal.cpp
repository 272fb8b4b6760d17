#include "unhidra/mls_public/proposal.h"

namespace unhidra::mls_public {
namespace {

Proposal read_add(TlsReader& in) {
  auto key_package = std::make_shared<KeyPackage>(KeyPackage::read(in));
  return {Add{std::move(key_package)}};
}

Proposal read_reinit(TlsReader& in) {
  ReInit out;
  out.group_id = in.opaque_copy();
  out.version = static_cast<ProtocolVersion>(in.u16());
  out.cipher_suite = static_cast<CipherSuite>(in.u16());
  out.extensions = ExtensionList::read(in);
  return {std::move(out)};
}

struct ContentWriter {
  TlsWriter& out;
  void operator()(const Add& add) const { add.key_package->write(out); }
  void operator()(const Update& update) const { update.leaf_node->write(out); }
  void operator()(const Remove& remove) const { out.u32(remove.removed.value); }
  void operator()(const PreSharedKey& psk) const { psk.psk.write(out); }
  void operator()(const ReInit& reinit) const {
    out.opaque(reinit.group_id)
        .u16(static_cast<std::uint16_t>(reinit.version))
        .u16(static_cast<std::uint16_t>(reinit.cipher_suite));
    reinit.extensions.write(out);
  }
  void operator()(const ExternalInit& init) const { out.opaque(init.kem_output); }
  void operator()(const GroupContextExtensions& gce) const { gce.extensions.write(out); }
};

}  // namespace

PreSharedKeyId PreSharedKeyId::read(TlsReader& in) {
  PreSharedKeyId out;
  out.type = static_cast<PskType>(in.u8());
  if (out.type == PskType::external) {
    out.psk_id = in.opaque_copy();
  } else if (out.type == PskType::resumption) {
    out.usage = static_cast<ResumptionUsage>(in.u8());
    if (out.usage < ResumptionUsage::application || out.usage > ResumptionUsage::branch) {
      in.set_failed();
    }
    out.psk_group_id = in.opaque_copy();
    out.psk_epoch = in.u64();
  } else {
    in.set_failed();
  }
  out.psk_nonce = in.opaque_copy();
  return out;
}

void PreSharedKeyId::write(TlsWriter& out) const {
  out.u8(static_cast<std::uint8_t>(type));
  if (type == PskType::external) {
    out.opaque(psk_id);
  } else {
    out.u8(static_cast<std::uint8_t>(usage)).opaque(psk_group_id).u64(psk_epoch);
  }
  out.opaque(psk_nonce);
}

Proposal Proposal::read_content(ProposalType type, TlsReader& in) {
  switch (type) {
    case ProposalType::add:
      return read_add(in);
    case ProposalType::update:
      return {Update{LeafNode::read(in)}};
    case ProposalType::remove:
      return {Remove{LeafIndex{in.u32()}}};
    case ProposalType::psk:
      return {PreSharedKey{PreSharedKeyId::read(in)}};
    case ProposalType::reinit:
      return read_reinit(in);
    case ProposalType::external_init:
      return {ExternalInit{in.opaque_copy()}};
    case ProposalType::group_context_extensions:
      return {GroupContextExtensions{ExtensionList::read(in)}};
  }
  in.set_failed();
  return {Remove{}};
}

Proposal Proposal::read(TlsReader& in) {
  const auto type = static_cast<ProposalType>(in.u16());
  return read_content(type, in);
}

void Proposal::write_content(TlsWriter& out) const {
  std::visit(ContentWriter{out}, content);
}

void Proposal::write(TlsWriter& out) const {
  out.u16(static_cast<std::uint16_t>(type()));
  write_content(out);
}

ProposalOrRef ProposalOrRef::read(TlsReader& in) {
  switch (in.u8()) {
    case 1:
      return {std::make_shared<const Proposal>(Proposal::read(in))};
    case 2:
      return {in.opaque_copy()};
    default:
      in.set_failed();
      return {ProposalRef{}};
  }
}

void ProposalOrRef::write(TlsWriter& out) const {
  if (const auto* proposal = std::get_if<ProposalPtr>(&content)) {
    out.u8(1);
    (*proposal)->write(out);
  } else {
    out.u8(2).opaque(std::get<ProposalRef>(content));
  }
}

}  // namespace unhidra::mls_public
