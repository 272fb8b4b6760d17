#pragma once
// Subjects of what is known: the registry's record of a device, the token of a person.

#include "unhidra/access/principal.h"

#include "broker/subject.h"
#include "devices/store_registry.h"

namespace unhidra::automation {

// As the registry has it. `serial`: of the certificate; empty: it is not connected.
std::shared_ptr<Subject> device_subject(const store::RegisteredDevice& device, const Bytes& serial);
std::shared_ptr<Subject> person_subject(const access::Principal& principal);
std::shared_ptr<const mqtt::Principal> principal_of(std::shared_ptr<const Subject> subject);
// The same device on the same connection, as the registry has it now.
std::shared_ptr<const mqtt::Principal> renewed(const mqtt::Principal& was,
                                               const store::RegisteredDevice& device);

}  // namespace unhidra::automation
