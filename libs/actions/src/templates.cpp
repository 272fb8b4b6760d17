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
    Template{"(turn|switch|put|bring|power|flip) on {name}", "on", kSwitched},
    Template{"(turn|switch|put|bring|power|flip) {name} on", "on", kSwitched},
    Template{"{name} on", "on", kSwitched},
    Template{"(light up|illuminate|activate|enable|start) {name}", "on", kSwitched},
    Template{"light {name} up", "on", kDimmed},
    Template{"(light up|illuminate|brighten) {place}", "on", kDimmed},
    Template{"light {place} up", "on", kDimmed},
    Template{"(turn|switch|put|shut|power|flip) off {name}", "off", kSwitched},
    Template{"(turn|switch|put|shut|power|flip) {name} off", "off", kSwitched},
    Template{"{name} off", "off", kSwitched},
    Template{"{name} out", "off", kDimmed},
    Template{"(put|turn) out {name}", "off", kDimmed},
    Template{"(deactivate|disable|stop|kill|extinguish) {name}", "off", kSwitched},
    Template{"(dim|brighten|set|turn|change|adjust|bring|put) [down|up] {name} to {number} "
             "[percent] [brightness]",
             "dim #", kDimmed},
    Template{"{name} [at|to] {number} percent [brightness]", "dim #", kDimmed},
    Template{"(set|change|adjust|turn|bring) [up|down] brightness {name} to {number} [percent]",
             "dim #", kDimmed},
    Template{"(set|change|adjust|turn|bring) [up|down] {name} brightness to {number} [percent]",
             "dim #", kDimmed},
    Template{"brightness {name} [at|to] {number} [percent]", "dim #", kDimmed},
    Template{"{name} brightness [at|to] {number} [percent]", "dim #", kDimmed},
    Template{"(dim|set|turn|change|adjust|bring|put) [down|up] {name} to {level} [brightness]",
             "dim #", kDimmed},
    Template{"(set|change|adjust|turn) brightness {name} to {level}", "dim #", kDimmed},
    Template{"(set|change|adjust|turn) {name} brightness to {level}", "dim #", kDimmed},
    Template{"{name} [at|to] {level} brightness", "dim #", kDimmed},
    // Where all the light is meant: only what light alone has is said of a place.
    Template{"(dim|brighten|set|turn|change|adjust) {place} to {number} percent [brightness]",
             "dim #", kDimmed},
    Template{"{place} [at|to] {number} percent [brightness]", "dim #", kDimmed},
    Template{"(set|change|adjust|turn) brightness {place} to {number} [percent]", "dim #", kDimmed},
    Template{"(set|change|adjust|turn) {place} brightness to {number} [percent]", "dim #", kDimmed},
    Template{"brightness {place} [at|to] {number} [percent]", "dim #", kDimmed},
    Template{"{place} brightness [at|to] {number} [percent]", "dim #", kDimmed},
    Template{"(set|change|adjust|turn) {place} to {level} brightness", "dim #", kDimmed},
    Template{"(set|change|adjust|turn) brightness {place} to {level}", "dim #", kDimmed},
    Template{"(set|change|adjust|turn) {place} brightness to {level}", "dim #", kDimmed},
    Template{"{place} [at|to] {level} brightness", "dim #", kDimmed},
    Template{"(set|turn|heat|cool|change|adjust) [up|down] {name} to {number} [degrees|degree|c]",
             "set #", kHeated},
    Template{"{name} [at|to] {number} [degrees|degree|c]", "set #", kHeated},
    Template{"(set|change|adjust) (temperature|temp) {name} to {number} [degrees|degree|c]",
             "set #", kHeated},
    Template{"(set|change|adjust) {name} (temperature|temp) to {number} [degrees|degree|c]",
             "set #", kHeated},
    Template{"(open|raise|lift) [up] {name}", "open", kOpened},
    Template{"(pull|put|roll) up {name}", "open", kOpened},
    Template{"(pull|put|roll) {name} up", "open", kOpened},
    Template{"(close|shut|lower) [down] {name}", "close", kOpened},
    Template{"(pull|put|roll) down {name}", "close", kOpened},
    Template{"(pull|put|roll) {name} down", "close", kOpened},
    Template{"{name} (open|up)", "open", kOpened},
    Template{"{name} (closed|close|shut|down)", "close", kOpened},
    Template{"(unlock|open) {name}", "unlock", kLocked},
    Template{"(lock|secure) [up] {name}", "lock", kLocked},
    // ---- German
    Template{"(schalte|schaltet|schalt|mach|mache|macht|knipse|dreh|drehe|dreht|starte) {name} "
             "(an|ein)",
             "on", kSwitched},
    Template{"{name} (an|ein|anschalten|einschalten|anmachen|aktivieren)", "on", kSwitched},
    Template{"(aktiviere|aktiviert|starte|startet) {name}", "on", kSwitched},
    Template{"(beleuchte|erleuchte) {place}", "on", kDimmed},
    Template{"(schalte|schaltet|schalt|mach|mache|macht|knipse|dreh|drehe|dreht|stoppe) {name} "
             "(aus|ab)",
             "off", kSwitched},
    Template{"{name} (aus|ausschalten|abschalten|ausmachen|deaktivieren)", "off", kSwitched},
    Template{"(deaktiviere|deaktiviert|stoppe|stoppt|loesche) {name}", "off", kSwitched},
    Template{"(dimme|stelle|stell|setze|mach|mache|aendere|aender) {name} auf {number} "
             "(prozent|percent) [helligkeit]",
             "dim #", kDimmed},
    Template{"dimme {name} auf {number}", "dim #", kDimmed},
    Template{"{name} [auf] {number} (prozent|percent) [helligkeit]", "dim #", kDimmed},
    Template{"{name} auf {number} (prozent|percent) (dimmen|stellen|setzen)", "dim #", kDimmed},
    Template{"[dimme|stelle|stell|setze|aendere] helligkeit {name} [auf] {number} "
             "[prozent|percent] [ein|setzen|stellen|aendern]",
             "dim #", kDimmed},
    Template{"[dimme|stelle|stell|setze|aendere] helligkeit {place} [auf] {number} "
             "[prozent|percent] [ein|setzen|stellen|aendern]",
             "dim #", kDimmed},
    Template{"[dimme|stelle|stell|setze|aendere] helligkeit {name} auf {level} [stufe|helligkeit] "
             "[ein|setzen|stellen|aendern]",
             "dim #", kDimmed},
    Template{"[dimme|stelle|stell|setze|aendere] helligkeit {place} auf {level} "
             "[stufe|helligkeit] [ein|setzen|stellen|aendern]",
             "dim #", kDimmed},
    Template{"[dimme|stelle|stell|setze|aendere] {name} auf {level} [stufe|helligkeit] "
             "[ein|setzen|stellen|aendern]",
             "dim #", kDimmed},
    Template{"(stelle|stell|setze|heize|dreh|drehe|mach|mache|aendere) [temperatur] {name} auf "
             "{number} [grad|c]",
             "set #", kHeated},
    Template{"[temperatur] {name} [auf] {number} grad", "set #", kHeated},
    Template{"(oeffne|hebe) {name}", "open", kOpened},
    Template{"(mach|mache|macht|fahre|fahr|fahrt|ziehe|zieh|lass) {name} "
             "(auf|hoch|herauf|nach oben)",
             "open", kOpened},
    Template{"{name} (auf|oeffnen|hoch|hochfahren|aufmachen|hochmachen)", "open", kOpened},
    Template{"(schliesse|schliess|senke) {name}", "close", kOpened},
    Template{"(mach|mache|macht|fahre|fahr|fahrt|ziehe|zieh|lass) {name} "
             "(zu|runter|herunter|nach unten)",
             "close", kOpened},
    Template{"{name} (zu|schliessen|runter|herunter|herunterfahren|runterfahren|zumachen|"
             "heruntermachen|runtermachen)",
             "close", kOpened},
    Template{"(entriegle|entriegele|entsperre|oeffne) {name}", "unlock", kLocked},
    Template{"(schliesse|schliess|sperre|sperr|mach|mache) {name} auf", "unlock", kLocked},
    Template{"{name} (aufschliessen|entriegeln|entsperren|aufmachen|oeffnen)", "unlock", kLocked},
    Template{"(verriegle|verriegele|versperre) {name}", "lock", kLocked},
    Template{"(schliesse|schliess|sperre|sperr) {name} (ab|zu)", "lock", kLocked},
    Template{"{name} (abschliessen|verriegeln|zusperren|absperren)", "lock", kLocked},
};

}  // namespace

std::span<const Template> templates() {
  return kTemplates;
}

}  // namespace unhidra::actions
