// planner tests
