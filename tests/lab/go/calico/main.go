// Command calico enforces NetworkPolicies and wires pods: Felix, the agent of
// a node, and the two CNI plugins, picked by the name the binary is called by.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/projectcalico/calico/cni-plugin/pkg/ipamplugin"
	"github.com/projectcalico/calico/cni-plugin/pkg/plugin"
	felix "github.com/projectcalico/calico/felix/daemon"
)

const version = "v3.28.5"

func main() {
	switch name := filepath.Base(os.Args[0]); name {
	case "calico":
		plugin.Main(version)
	case "calico-ipam":
		ipamplugin.Main(version)
	case "calico-felix":
		felix.Run("", version, "", "")
	default:
		fmt.Fprintf(os.Stderr, "%s: call this binary calico, calico-ipam or calico-felix\n", name)
		os.Exit(2)
	}
}
