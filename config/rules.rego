# Rules in Rego, for what rules.toml has no key for: an example. rules.md beside this
# file says what `input` holds. A change is made where `allow` is true; what is
# undefined, or an error, refuses it. A rule says what must be so, for every port:
# `not` of what must not be would hold where nothing is known.
package mercury.trunks

allow if {
	every port in input.ports { is_fine(port) }
}

is_fine(port) if port.after.mode == "access"

# On a leaf, a trunk's untagged VLAN is not one that another rack tags.
is_fine(port) if {
	port.after.mode == "trunk"
	input.switch.role == "leaf"
	port.after.native_vlan < 1000
}

# On spines by day only what is no trunk changes.
is_fine(port) if {
	port.after.mode == "trunk"
	input.switch.role == "spine"
	input.now.hour < 6
}

# What is taken away, or carries nothing, is none of this.
is_fine(port) if not port.after.mode

# Why it is not allowed.
reasons contains sprintf("%s would be a trunk that its switch may not have", [port.name]) if {
	some port in input.ports
	not is_fine(port)
}

# What is told, and done.
warnings contains sprintf("%s would carry every VLAN", [port.name]) if {
	some port in input.ports
	some range in port.after.allowed_vlans
	range.last - range.first == 4093
}
