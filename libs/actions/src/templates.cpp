#include "templates.h"

namespace unhidra::actions {
namespace {

using enum DeviceKind;

constexpr std::array kSwitched{light, outlet, thermostat, other};
constexpr std::array kDimmed{light};
constexpr std::array kHeated{thermostat};
constexpr std::array kOpened{cover, garage};
constexpr std::array kLocked{lock};

constexpr std::array kTemplates{
    // ---- English
    Template{"(turn|switch|put) on {name}", "on", kSwitched},
    Template{"(turn|switch|put) {name} on", "on", kSwitched},
    Template{"{name} on", "on", kSwitched},
    Template{"(light up|illuminate|activate|enable|start) {name}", "on", kSwitched},
    Template{"(turn|switch|put) off {name}", "off", kSwitched},
    Template{"(turn|switch|put) {name} off", "off", kSwitched},
    Template{"{name} off", "off", kSwitched},
    Template{"(deactivate|disable|stop|kill|extinguish) {name}", "off", kSwitched},
    Template{"(dim|brighten|set|turn) [down|up] {name} to {number} [percent]", "dim #", kDimmed},
    Template{"{name} [at|to] {number} percent", "dim #", kDimmed},
    Template{"set brightness {name} to {number} [percent]", "dim #", kDimmed},
    Template{"(set|turn|heat|cool) [up|down] {name} to {number} [degrees|degree|c]", "set #",
             kHeated},
    Template{"{name} [at|to] {number} [degrees|degree|c]", "set #", kHeated},
    Template{"set [temperature] {name} to {number} [degrees|degree|c]", "set #", kHeated},
    Template{"(open|raise|lift) [up] {name}", "open", kOpened},
    Template{"(close|shut|lower) [down] {name}", "close", kOpened},
    Template{"{name} (open|up)", "open", kOpened},
    Template{"{name} (closed|close|shut|down)", "close", kOpened},
    Template{"(unlock|open) {name}", "unlock", kLocked},
    Template{"(lock|secure) [up] {name}", "lock", kLocked},
    // ---- German
    Template{"(schalte|schalt|mach|mache|knipse|dreh|drehe) {name} (an|ein)", "on", kSwitched},
    Template{"{name} (an|ein|anschalten|einschalten|anmachen)", "on", kSwitched},
    Template{"(aktiviere|starte) {name}", "on", kSwitched},
    Template{"(schalte|schalt|mach|mache|knipse|dreh|drehe) {name} (aus|ab)", "off", kSwitched},
    Template{"{name} (aus|ausschalten|abschalten|ausmachen)", "off", kSwitched},
    Template{"(deaktiviere|stoppe|loesche) {name}", "off", kSwitched},
    Template{"(dimme|stelle|stell|setze|mach|mache) {name} auf {number} (prozent|percent)", "dim #",
             kDimmed},
    Template{"dimme {name} auf {number}", "dim #", kDimmed},
    Template{"{name} [auf] {number} (prozent|percent)", "dim #", kDimmed},
    Template{"(stelle|stell|setze|heize|dreh|drehe|mach|mache) {name} auf {number} [grad|c]",
             "set #", kHeated},
    Template{"{name} [auf] {number} grad", "set #", kHeated},
    Template{"(oeffne|hebe) {name}", "open", kOpened},
    Template{"(mach|mache|fahre|fahr) {name} (auf|hoch)", "open", kOpened},
    Template{"{name} (auf|oeffnen|hoch)", "open", kOpened},
    Template{"(schliesse|senke) {name}", "close", kOpened},
    Template{"(mach|mache|fahre|fahr) {name} (zu|runter)", "close", kOpened},
    Template{"{name} (zu|schliessen|runter)", "close", kOpened},
    Template{"(entriegle|entriegele|entsperre|oeffne) {name}", "unlock", kLocked},
    Template{"(schliesse|schliess|sperre|sperr) {name} auf", "unlock", kLocked},
    Template{"{name} (aufschliessen|entriegeln|entsperren)", "unlock", kLocked},
    Template{"(verriegle|verriegele|versperre) {name}", "lock", kLocked},
    Template{"(schliesse|schliess|sperre|sperr) {name} (ab|zu)", "lock", kLocked},
    Template{"{name} (abschliessen|verriegeln|zusperren)", "lock", kLocked},
};

}  // namespace

std::span<const Template> templates() {
  return kTemplates;
}

}  // namespace unhidra::actions
