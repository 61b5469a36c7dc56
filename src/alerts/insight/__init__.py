"""What pipeline steps and pages both read: profiles, coverage, health, briefings, silence, feedback."""
