# What devices may publish and subscribe to: each its own topics; hubs hear all of them and command. Used by the demo and
# by the end-to-end tests; a place to start from for your own.
package unhidra.automation

default allow := false

allow if input.action == "connect"

own := concat("/", ["devices", input.device.id])

allow if {
	input.action == "publish"
	input.topic in {concat("/", [own, part]) | some part in ["telemetry", "state", "result", "prekeys"]}
}

# The pairwise channel with a controller: its answers.
allow if {
	input.action == "publish"
	startswith(input.topic, concat("/", [own, "channel/"]))
	endswith(input.topic, "/answer")
}

allow if {
	input.action == "subscribe"
	input.topic in {concat("/", [own, part]) | some part in ["command", "twin/wanted"]}
}

allow if {
	input.action == "subscribe"
	some part in ["group/", "channel/"]
	startswith(input.topic, concat("/", [own, part]))
}

allow if {
	input.device.type == "hub"
	input.action == "publish"
	contains(input.topic, "/group/")
}

allow if {
	input.device.type == "hub"
	startswith(input.topic, "devices/")
	input.action == "subscribe"
}

allow if {
	input.device.type == "hub"
	input.action == "publish"
	endswith(input.topic, "/command")
}

allow if input.user.id
