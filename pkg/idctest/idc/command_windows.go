package main

import "os"

func terminate(p *os.Process) error { return p.Kill() }

func exitStatus(state *os.ProcessState) int { return state.ExitCode() }
