"""Brain, AC–PC space, template warp and tissue of each subject; every scan brought into it."""
