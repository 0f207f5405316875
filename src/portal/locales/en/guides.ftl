
### The guides
